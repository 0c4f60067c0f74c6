//! Extensions that hold a context and nothing else, kept to be used again.
//!
//! To insert the first extension into a request takes three allocations: for the table, for its entries, and for the
//! extension. Where they are given back before the request is given away, the next one has them for none.

use std::cell::RefCell;

use http::Extensions;

use super::RequestContext;

/// So many are kept by each thread. Between a stack's ends there is one, as a rule; those of requests that waited there
/// may be given back on another thread.
const MOST: usize = 32;

thread_local! {
    static SPARE: RefCell<Vec<Extensions>> = const { RefCell::new(Vec::new()) };
}

/// Extensions with the `context`; `None`: there are none to spare.
#[inline]
pub(super) fn take(context: impl FnOnce() -> RequestContext) -> Option<Extensions> {
    let mut extensions = SPARE.try_with(|spare| spare.borrow_mut().pop()).ok()??;
    *extensions.get_mut()? = context();
    Some(extensions)
}

/// Keeps `extensions`, which hold a context and nothing else, and that refers to nothing.
#[inline]
pub(super) fn keep(extensions: Extensions) {
    // Where the thread is ending there is nobody to keep them for.
    let _ = SPARE.try_with(|spare| {
        let mut spare = spare.borrow_mut();
        if spare.len() < MOST {
            spare.push(extensions);
        }
    });
}

#[cfg(test)]
mod tests {
    use soe503_core::Tick;

    use super::*;

    fn used() -> Extensions {
        let mut extensions = Extensions::new();
        let mut context = RequestContext::new(Tick::from_secs(7), false);
        context.number = 3;
        extensions.insert(context);
        extensions
    }

    #[test]
    fn what_is_kept_is_taken_with_a_context_of_its_own() {
        let new = || RequestContext::new(Tick::from_secs(8), true);
        assert!(take(new).is_none(), "nothing was kept");
        keep(used());
        let extensions = take(new).unwrap();
        let context: &RequestContext = extensions.get().unwrap();
        let seen = (context.now, context.number, context.idempotent);
        assert_eq!(seen, (Tick::from_secs(8), 1, true));
        assert!(take(new).is_none(), "it was taken");
    }

    #[test]
    fn what_a_context_refers_to_is_let_go() {
        let mut context = RequestContext::new(Tick::ZERO, false);
        context.tried.insert(1);
        context.upload = Some(crate::Upload::default());
        context.head = Some(std::sync::Arc::new(http::Request::new(()).into_parts().0));
        context.forget();
        assert!(context.tried.is_empty() && context.upload.is_none() && context.head.is_none());
    }

    #[test]
    fn so_many_are_kept_and_no_more() {
        (0..2 * MOST).for_each(|_| keep(used()));
        let new = || RequestContext::new(Tick::ZERO, false);
        let taken = (0..2 * MOST).filter(|_| take(new).is_some()).count();
        assert_eq!(taken, MOST);
    }
}
