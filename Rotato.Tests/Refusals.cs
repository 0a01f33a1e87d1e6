namespace Rotato.Tests;

internal static class Refusals
{
    extension(Refusal refusal)
    {
        /// <summary>The status that a client gets, by its name.</summary>
        public ErrorCode Code => (ErrorCode)refusal.ToAnswer().Status;
    }
}
