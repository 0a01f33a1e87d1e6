using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Rotato.Tests.Audit;

/// <summary>
/// Sockets complete on the thread that polls them, so whatever goes on without a pause keeps that thread from all
/// others. Each loop that waits for something stands here, with what ends its turn where the thing is always there
/// already, and with the test that shows it. A loop that is new in the source is missing here until somebody has
/// thought of it.
/// </summary>
internal sealed class FairnessTests
{
    private static readonly (string Loop, string EndsItsTurn, string Test)[] Loops =
    [
        ("ClientSocket", "no loop: at most one receive or send a call", "FaultsBench.TwoClientsSendTinyChunksWithoutAPause"),
        ("Connection.RunAsync", "a yield before each answer that needs no upstream", "FaultsBench.AClientPipelinesRequestsThatNoKeyCanServe"),
        ("Connection.DiscardInputAsync", "a yield each 16 KiB", "FaultsBench.OneClientDownloadsAndAnotherUploadsWithoutEnd"),
        ("Connection.TunnelInputAsync", "a yield each 16 KiB", "ForwarderTests.CarriesAWebSocketBothWaysUntilTheUpstreamCloses"),
        ("Dialer.ConnectAsync", "the addresses of a name; 10 s in all", "ForwarderTests.AnswersForAnUpstreamThatTakesNoConnectionForTenSeconds"),
        ("Dialer.FirstOf", "the addresses of a name; 10 s in all", "ForwarderTests.AnswersForAnUpstreamThatTakesNoConnectionForTenSeconds"),
        ("Forwarder.TryKeysAsync", "each try waits for an upstream; each key is tried a bounded number of times", "FaultsBench.ThreeThousandKeysAreAllLimited"),
        ("AnswerBody.PeekAsync", "32 KiB", "ErrorBodyTests"),
        ("HeadReader.ReadFieldsAsync", "100 fields and 32 KiB", "ConnectionTests.Takes100FieldsOf32KiBInAll"),
        ("Input.LineAsync", "8 KiB", "HeadReaderTests.AnEndlessLineIsRefusedAtItsLimit"),
        ("Output.CopyAsync", "a yield after each flush that did not wait", "OutputTests.AnAnswerThatComesWithoutAPauseGivesTheThreadBackNowAndThen"),
        ("BodyContent.SerializeToStreamAsync", "--max-body; a send that fills the socket's buffer waits", "RequestBodyTests.EveryByteArrivesInWhateverPieces"),
        ("RequestBody.ReadAsync", "a yield each 32 chunks", "RequestBodyTests.ABodyThatIsThereAtOnceGivesTheThreadBackNowAndThen"),
        ("RequestBody.AppendAsync", "a yield each 64 KiB", "RequestBodyTests.ABodyThatIsThereAtOnceGivesTheThreadBackNowAndThen"),
        ("KeyFile.FollowAsync", "a look each second", "KeyFileTests.AFileThatIsTheSameIsNotReadAgain"),
        ("Log.WriteAllAsync", "a thread of its own", "LogTests.NobodyWaitsForWhoDoesNotRead"),
        ("Server.RunAsync", "a look each 20 ms, for 30 s at most", "LifecycleTests.WaitsForRunningRequestsNoLongerThan30Seconds"),
        ("Server.AcceptAsync", "10,000 connections; each begins with a yield", "FaultsBench.ThousandsOfIdleConnections"),
    ];

    [Test]
    public void EachLoopThatWaitsHasARow()
    {
        var found = ProductLines.Files.SelectMany(LoopsOf).Distinct().Order(StringComparer.Ordinal);
        var listed = Loops.Select(row => row.Loop).Where(loop => loop.Contains('.', StringComparison.Ordinal));
        Assert.That(found, Is.EquivalentTo(listed));
    }

    [Test]
    public void EachRowHasATestThatIsThere()
    {
        var types = typeof(FairnessTests).Assembly.GetTypes();
        foreach (var (loop, _, test) in Loops)
        {
            var parts = test.Split('.');
            var type = types.SingleOrDefault(type => type.Name == parts[0]);
            Assert.That(type, Is.Not.Null, loop);
            if (parts.Length > 1) Assert.That(type!.GetMethod(parts[1]), Is.Not.Null, loop);
        }
    }

    private static IEnumerable<string> LoopsOf(string file)
    {
        var root = CSharpSyntaxTree.ParseText(ProductLines.TextOf(file)).GetCompilationUnitRoot();
        return from loop in root.DescendantNodes().OfType<StatementSyntax>()
               where IsLoop(loop) && loop.DescendantTokens().Any(token => token.IsKind(SyntaxKind.AwaitKeyword))
               let method = loop.Ancestors().OfType<MethodDeclarationSyntax>().First()
               let type = method.Ancestors().OfType<TypeDeclarationSyntax>().First()
               select $"{type.Identifier.Text}.{method.Identifier.Text}";
    }

    private static bool IsLoop(StatementSyntax statement) =>
        statement is WhileStatementSyntax or DoStatementSyntax or ForStatementSyntax or CommonForEachStatementSyntax;
}
