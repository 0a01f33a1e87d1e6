using System.Buffers;
using System.Globalization;
using System.Text;

namespace Rotato.Tests.Http;

/// <summary>Bodies that do not end, as far as they have come.</summary>
internal static class HeldBody
{
    public const string NeedsMore = "needs more";

    private const string WithLength = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {0}\r\n\r\n";

    /// <summary>
    /// A body of so many bytes is announced, of which some come: no byte is written anywhere for them.
    /// </summary>
    /// <param name="announced">Put into the text.</param>
    /// <param name="sent">Bytes behind the text.</param>
    /// <param name="bodies">Gets the body, which holds its bytes until it is disposed of.</param>
    /// <param name="text">What is sent first.</param>
    public static async Task<string> HoldAsync(
        long announced, long sent, List<RequestBody> bodies, string text = WithLength)
    {
        var head = Encoding.Latin1.GetBytes(string.Format(CultureInfo.InvariantCulture, text, announced));
        var (left, begun) = (sent, false);
        var input = new Input(room =>
        {
            if (!begun)
            {
                begun = true;
                head.CopyTo(room);
                return ValueTask.FromResult(head.Length);
            }

            var count = Math.Min(left, room.Length);
            left -= count;
            return count > 0 ? ValueTask.FromResult((int)count) : throw new EndOfStreamException();
        });
        bodies.Add(new RequestBody(announced));
        return await OutcomeAsync(bodies[^1], await HeadReader.ReadAsync(input), input);
    }

    /// <summary>The body's text, the code of its refusal, or that it needs more.</summary>
    public static async Task<string> OutcomeAsync(RequestBody body, RequestHead head, Input input)
    {
        try
        {
            await body.ReadAsync(head, input);
            return Encoding.Latin1.GetString(body.Content.ToArray());
        }
        catch (Refusal e)
        {
            return e.Code.Name;
        }
        catch (EndOfStreamException)
        {
            return NeedsMore;
        }
    }
}
