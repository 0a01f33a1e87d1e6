namespace Rotato.Tests.Audit;

/// <summary>How code works together, and what the compiler writes by itself, as far as guards and rooms may.</summary>
internal static class HarmlessCode
{
    public static readonly Harmless[] Table =
    [
        // Waiting and working at once.
        new("tasks, timers, locks and being told to stop", Harmless.All, """
            System.Threading.Tasks.Task System.Threading.Tasks.ValueTask System.Threading.Tasks.TaskCompletionSource
            System.Threading.Tasks.TaskCreationOptions System.Threading.Tasks.TaskStatus
            System.Threading.Tasks.ConfigureAwaitOptions System.Threading.CancellationToken
            System.Threading.CancellationTokenSource System.Threading.CancellationTokenRegistration
            System.Threading.Interlocked System.Threading.Volatile System.Threading.Lock System.Threading.Monitor
            System.Threading.SemaphoreSlim System.Threading.ITimer System.Threading.Timeout
            System.Threading.TimerCallback System.Lazy
            """),

        new("queues between tasks", Harmless.All, "System.Threading.Channels.* System.Threading.Tasks.Dataflow.*"),

        // Objects, functions, failures.
        new("any object, without asking what it really is", ".ctor Equals GetHashCode ToString ReferenceEquals",
            "System.Object"),
        new("whether two types are the same, as records ask", "GetTypeFromHandle op_Equality op_Inequality",
            "System.Type"),
        new("stand for a type or for data in code", Harmless.OnlyNamed,
            "System.RuntimeTypeHandle System.RuntimeFieldHandle"),
        new("functions that are handed in: they can do what their maker could", Harmless.All, """
            System.Action System.Func System.Predicate System.Comparison System.Converter System.EventHandler
            System.EventArgs System.AsyncCallback System.IAsyncResult
            """),
        new("the base of functions, without asking whose they are", "Combine Remove op_Equality op_Inequality",
            "System.Delegate System.MulticastDelegate"),
        new("collecting what is no longer used; members that hand out memory as others have left it are refused",
            "Collect", "System.GC"),
        new("how thorough that is", Harmless.All, "System.GCCollectionMode"),
        new("contracts without a power", Harmless.All, """
            System.IDisposable System.IAsyncDisposable System.IEquatable System.IComparable System.IParsable
            System.ISpanParsable
            """),
        new("a failure: its words and what caused it, not where in the code it was",
            ".ctor get_Message get_InnerException", "System.Exception"),
        new("kinds of failures", Harmless.All, """
            System.AggregateException System.ArgumentException System.ArgumentNullException
            System.ArgumentOutOfRangeException System.FormatException System.InvalidOperationException
            System.NotSupportedException System.OperationCanceledException System.OverflowException
            System.TimeoutException System.ObjectDisposedException System.Collections.Generic.KeyNotFoundException
            System.Threading.Tasks.TaskCanceledException System.Diagnostics.UnreachableException
            """),

        // What the compiler writes by itself.
        new("the thread that an iterator was made on, as it asks by itself", "get_CurrentManagedThreadId",
            "System.Environment"),
        new("data of arrays, parts of arrays, and the depth of the stack",
            "InitializeArray CreateSpan`1 GetSubArray`1 EnsureSufficientExecutionStack",
            "System.Runtime.CompilerServices.RuntimeHelpers"),
        new("a failure that is thrown on after waiting for something", "Capture Throw",
            "System.Runtime.ExceptionServices.ExceptionDispatchInfo"),
        new("methods that wait, texts with values in them, and switches", Harmless.All, """
            System.Runtime.CompilerServices.AsyncTaskMethodBuilder
            System.Runtime.CompilerServices.AsyncValueTaskMethodBuilder
            System.Runtime.CompilerServices.AsyncIteratorMethodBuilder
            System.Runtime.CompilerServices.IAsyncStateMachine System.Runtime.CompilerServices.TaskAwaiter
            System.Runtime.CompilerServices.ValueTaskAwaiter System.Runtime.CompilerServices.YieldAwaitable
            System.Runtime.CompilerServices.ConfiguredTaskAwaitable
            System.Runtime.CompilerServices.ConfiguredValueTaskAwaitable
            System.Runtime.CompilerServices.ConfiguredCancelableAsyncEnumerable
            System.Runtime.CompilerServices.INotifyCompletion
            System.Runtime.CompilerServices.ICriticalNotifyCompletion
            System.Runtime.CompilerServices.DefaultInterpolatedStringHandler
            System.Runtime.CompilerServices.SwitchExpressionException
            System.Runtime.CompilerServices.IsVolatile System.Runtime.CompilerServices.IsExternalInit
            System.Runtime.CompilerServices.ITuple System.Runtime.CompilerServices.StrongBox
            System.Runtime.InteropServices.InAttribute
            """),
        new("marks for the compiler and the debugger", Harmless.All, """
            System.Attribute System.AttributeTargets System.AttributeUsageAttribute System.FlagsAttribute
            System.ObsoleteAttribute System.ParamArrayAttribute System.Reflection.DefaultMemberAttribute
            System.Diagnostics.CodeAnalysis.* System.Diagnostics.DebuggerBrowsableAttribute
            System.Diagnostics.DebuggerBrowsableState System.Diagnostics.DebuggerDisplayAttribute
            System.Diagnostics.DebuggerHiddenAttribute System.Diagnostics.DebuggerStepThroughAttribute
            System.Runtime.CompilerServices.AsyncIteratorStateMachineAttribute
            System.Runtime.CompilerServices.AsyncStateMachineAttribute
            System.Runtime.CompilerServices.CallerArgumentExpressionAttribute
            System.Runtime.CompilerServices.CallerMemberNameAttribute
            System.Runtime.CompilerServices.CompilerFeatureRequiredAttribute
            System.Runtime.CompilerServices.CompilerGeneratedAttribute
            System.Runtime.CompilerServices.ExtensionAttribute System.Runtime.CompilerServices.InlineArrayAttribute
            System.Runtime.CompilerServices.IsByRefLikeAttribute System.Runtime.CompilerServices.IsReadOnlyAttribute
            System.Runtime.CompilerServices.IsUnmanagedAttribute
            System.Runtime.CompilerServices.IteratorStateMachineAttribute
            System.Runtime.CompilerServices.NullableAttribute System.Runtime.CompilerServices.NullableContextAttribute
            System.Runtime.CompilerServices.ParamCollectionAttribute
            System.Runtime.CompilerServices.PreserveBaseOverridesAttribute
            System.Runtime.CompilerServices.RequiredMemberAttribute
            System.Runtime.CompilerServices.RequiresLocationAttribute
            System.Runtime.CompilerServices.ScopedRefAttribute
            System.Runtime.CompilerServices.TupleElementNamesAttribute
            """),
    ];
}
