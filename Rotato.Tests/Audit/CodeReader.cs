using System.Reflection.Emit;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;
using System.Text;

namespace Rotato.Tests.Audit;

/// <summary>Reads the code of a method, instruction by instruction.</summary>
internal sealed class CodeReader(PEReader image, MetadataReader metadata, CompiledProgram program, UseReader uses)
{
    /// <summary>The first byte of instructions that have two.</summary>
    private const byte Prefix = 0xFE;

    private static readonly Dictionary<int, OpCode> Instructions = typeof(OpCodes).GetFields()
        .Select(field => (OpCode)field.GetValue(null)!)
        .ToDictionary(instruction => (int)(ushort)instruction.Value);

    // What the runtime does not check.
    private static readonly HashSet<OpCode> Unchecked =
    [
        OpCodes.Calli, OpCodes.Localloc, OpCodes.Cpblk, OpCodes.Initblk, OpCodes.Arglist, OpCodes.Mkrefany,
        OpCodes.Refanyval, OpCodes.Refanytype, OpCodes.Jmp,
    ];

    public void Read(Place user, BlobReader code)
    {
        while (code.RemainingBytes > 0)
        {
            int value = code.ReadByte();
            if (value == Prefix) value = (Prefix << 8) | code.ReadByte();
            var instruction = Instructions[value];
            if (Unchecked.Contains(instruction)) program.Dangers.Add(new(user, $"the instruction {instruction}"));
            ReadOperand(user, instruction.OperandType, ref code);
        }
    }

    private void ReadOperand(Place user, OperandType kind, ref BlobReader code)
    {
        switch (kind)
        {
            case OperandType.InlineField or OperandType.InlineMethod or OperandType.InlineTok or OperandType.InlineType
                or OperandType.InlineSig:
                Add(user, MetadataTokens.EntityHandle(code.ReadInt32()));
                break;
            case OperandType.InlineString:
                var text = MetadataTokens.Handle(code.ReadInt32());
                program.Texts.Add(new(user, metadata.GetUserString((UserStringHandle)text)));
                break;
            case OperandType.InlineSwitch:
                var targets = code.ReadInt32();
                code.Offset += targets * sizeof(int);
                break;
            default:
                code.Offset += SizeOf(kind);
                break;
        }
    }

    private static int SizeOf(OperandType kind) => kind switch
    {
        OperandType.InlineNone => 0,
        OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar => 1,
        OperandType.InlineVar => 2,
        OperandType.InlineBrTarget or OperandType.InlineI or OperandType.ShortInlineR => 4,
        OperandType.InlineI8 or OperandType.InlineR => 8,
        _ => throw new AssertionException($"This test does not know the operand {kind}."),
    };

    private void Add(Place user, EntityHandle used)
    {
        uses.Add(user, used);
        if (used.Kind != HandleKind.FieldDefinition) return;
        var field = metadata.GetFieldDefinition((FieldDefinitionHandle)used);
        if (field.GetRelativeVirtualAddress() != 0) program.Texts.Add(new(user, TextOf(field)));
    }

    // A u8 literal lies in the program's data, in a field as large as it is.
    private string TextOf(FieldDefinition field)
    {
        var data = image.GetSectionData(field.GetRelativeVirtualAddress()).GetReader();
        var bytes = data.ReadBytes(Math.Min(SizeOf(field), data.RemainingBytes));
        return Encoding.UTF8.GetString(bytes).TrimEnd('\0');
    }

    private int SizeOf(FieldDefinition field)
    {
        var signature = metadata.GetBlobReader(field.Signature);
        signature.ReadSignatureHeader();
        return signature.ReadSignatureTypeCode() switch
        {
            SignatureTypeCode.TypeHandle => SizeOf(signature.ReadTypeHandle()),
            SignatureTypeCode.Int16 or SignatureTypeCode.UInt16 => sizeof(short),
            SignatureTypeCode.Int32 or SignatureTypeCode.UInt32 => sizeof(int),
            SignatureTypeCode.Int64 or SignatureTypeCode.UInt64 => sizeof(long),
            _ => sizeof(byte),
        };
    }

    private int SizeOf(EntityHandle type) =>
        type.Kind == HandleKind.TypeDefinition
            ? metadata.GetTypeDefinition((TypeDefinitionHandle)type).GetLayout().Size
            : 0;
}
