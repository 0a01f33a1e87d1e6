namespace Rotato.Tests.Audit;

/// <summary>Values, texts, time, memory and collections that guards and rooms may use.</summary>
internal static class HarmlessValues
{
    public static readonly Harmless[] Table =
    [
        // Values, texts, time.
        new("numbers and plain values", Harmless.All, """
            System.Boolean System.Byte System.SByte System.Char System.Int16 System.UInt16 System.Int32 System.UInt32
            System.Int64 System.UInt64 System.Int128 System.UInt128 System.Single System.Double System.Decimal
            System.IntPtr System.UIntPtr System.Void System.Enum System.ValueType System.ValueTuple System.Tuple
            System.Nullable System.Index System.Range System.Guid System.Version System.HashCode
            """),
        new("arithmetic", Harmless.All,
            "System.Math System.BitConverter System.Convert System.Random System.Numerics.BitOperations"),
        new("texts", Harmless.All, """
            System.String System.StringComparer System.StringComparison System.StringSplitOptions
            System.IFormatProvider System.IFormattable System.ISpanFormattable System.IUtf8SpanFormattable
            System.Text.StringBuilder System.Text.Ascii System.Text.Rune System.Text.CompositeFormat
            System.Text.NormalizationForm System.Text.EncodingExtensions System.Text.Unicode.Utf8
            """),
        new("texts as bytes; it may not register encodings for the whole program", """
            get_ASCII get_Latin1 get_UTF8 get_Unicode GetByteCount GetBytes TryGetBytes GetCharCount GetChars
            TryGetChars GetMaxByteCount GetMaxCharCount GetString
            """, "System.Text.Encoding System.Text.UTF8Encoding"),
        new("how numbers and dates are written", Harmless.All,
            """
            System.Globalization.NumberStyles System.Globalization.DateTimeStyles
            System.Globalization.NumberFormatInfo
            """),
        new("the invariant culture; another one would be set for the whole program", "get_InvariantCulture",
            "System.Globalization.CultureInfo"),
        new("time and the clock that the core hands in", Harmless.All, """
            System.TimeSpan System.DateTime System.DateTimeOffset System.DateOnly System.TimeOnly System.DayOfWeek
            System.TimeProvider
            """),
        new("a time in the zone of the clock that is handed in; no zone is looked up, and none is set", "ConvertTime",
            "System.TimeZoneInfo"),
        new("addresses as values: nothing is looked up or dialled", Harmless.All, """
            System.Uri System.UriKind System.UriHostNameType System.UriCreationOptions System.UriComponents
            System.UriFormat System.UriFormatException System.UriPartial System.Net.IPAddress System.Net.IPEndPoint
            System.Net.EndPoint System.Net.IPNetwork System.Net.Sockets.AddressFamily System.Net.WebUtility
            """),

        // Memory and collections.
        new("collections", Harmless.All, """
            System.Collections.* System.Collections.Generic.* System.Collections.Concurrent.*
            System.Collections.Frozen.* System.Collections.Immutable.* System.Collections.ObjectModel.*
            """),
        new("queries over collections; those that are compiled at run time are in another namespace", Harmless.All,
            """
            System.Linq.Enumerable System.Linq.IGrouping System.Linq.ILookup System.Linq.Lookup
            System.Linq.IOrderedEnumerable
            """),
        new("bytes in memory, bounds checked", Harmless.All, """
            System.Array System.ArraySegment System.Memory System.ReadOnlyMemory System.Span System.ReadOnlySpan
            System.MemoryExtensions System.Buffers.SearchValues System.Buffers.ArrayBufferWriter
            System.Buffers.IBufferWriter System.Buffers.BuffersExtensions System.Buffers.ReadOnlySequence
            System.Buffers.ReadOnlySequenceSegment System.Buffers.SequenceReader
            System.Buffers.IMemoryOwner System.Buffers.OperationStatus System.Buffers.StandardFormat
            System.Buffers.SpanAction System.Buffers.ReadOnlySpanAction System.Buffers.Binary.BinaryPrimitives
            System.Buffers.Text.Base64 System.Buffers.Text.Base64Url System.Buffers.Text.Utf8Formatter
            System.Buffers.Text.Utf8Parser
            """),
        new("a pool of its own; in the shared one lie bytes that others have left", "Create Rent Return",
            "System.Buffers.ArrayPool"),
    ];
}
