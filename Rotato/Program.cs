using Rotato;
using Rotato.Configuration;

// The way of a request, in the order in which the files are best read:
//
//   client --> Server --> Connection --(1) head?--> Http/HeadReader, Guards/RequestHead    lines to a checked head
//                          |---(2) may it?--------> Guards/Gate            host, origin, token
//                          |---(3) body-----------> Http/RequestBody       into memory, so that it can be sent again
//                          |---(4) forward--------> Forwarder <----------> RateLimits/KeyRing    a ready key, a verdict
//                          |                           '--> Upstream       with the key
//                          |---(5) answer---------> Http/Output            as it comes, framed anew
//                          '---(6) again, or close

try
{
    await Launch.RunAsync(args);
}
catch (UsageException e)
{
    Console.Error.WriteLine($"rotato: {e.Message}");
    Environment.ExitCode = 2;
}
catch (StartException e)
{
    Console.Error.WriteLine($"rotato: {e.Message}");
    Environment.ExitCode = 1;
}
