//! The context of the call that is being served, for whoever works on it further down.

use super::TraceContext;

tokio::task_local! {
    static CURRENT: TraceContext;
}

/// Does something within a context.
pub async fn within<T>(context: TraceContext, work: impl Future<Output = T>) -> T {
    CURRENT.scope(context, work).await
}

/// The context of the call that is being served; `None` when it is not traced.
pub fn current() -> Option<TraceContext> {
    CURRENT.try_with(|context| *context).ok()
}
