//! Extensions that hold a context and nothing else, kept to be used again.
//!
//! To insert the first extension into a request takes three allocations: for the table, for its entries, and for the
//! extension. Where they are given back before the request is given away, the next one has them for none.

use std::cell::RefCell;

use http::Extensions;

/// So many are kept by each thread. Between a stack's ends there is one, as a rule; those of requests that waited there
/// may be given back on another thread.
const MOST: usize = 32;

thread_local! {
    static SPARE: RefCell<Vec<Extensions>> = const { RefCell::new(Vec::new()) };
}

/// Some that were kept, with the context that they had.
#[inline(never)]
pub(super) fn take() -> Option<Extensions> {
    SPARE.try_with(|spare| spare.borrow_mut().pop()).ok()?
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
    use std::sync::Arc;

    use http::Request;
    use soe503_core::Tick;

    use super::*;
    use crate::context::RequestContext;
    use crate::upload::Upload;

    fn used() -> Extensions {
        let mut extensions = Extensions::new();
        let mut context = RequestContext::new(Tick::from_secs(7), false);
        context.number = 3;
        extensions.insert(context);
        extensions
    }

    /// The context of a request without extensions that is given one, and whether those were used before.
    fn given(give: impl FnOnce(&mut Request<()>)) -> (RequestContext, bool) {
        let spare = SPARE.with_borrow(Vec::len);
        let mut request = Request::new(());
        give(&mut request);
        assert_eq!(request.extensions().len(), 1);
        let context: &RequestContext = request.extensions().get().unwrap();
        let again = SPARE.with_borrow(Vec::len) < spare;
        (context.clone(), again)
    }

    #[test]
    fn what_was_kept_is_used_again_with_a_context_of_its_own() {
        let own = || RequestContext::new(Tick::from_secs(9), true);
        let put = || {
            let (context, again) = given(|request| own().put(request));
            assert_eq!(format!("{context:?}"), format!("{:?}", own()));
            again
        };
        let of = || {
            let (context, again) = given(|request| {
                RequestContext::of(request);
            });
            let expected = RequestContext::new(context.now, true);
            assert_eq!(format!("{context:?}"), format!("{expected:?}"));
            assert_ne!(context.now, Tick::from_secs(7));
            again
        };
        assert_eq!([put(), of()], [false; 2], "nothing was kept");
        (0..2).for_each(|_| keep(used()));
        assert_eq!([put(), of()], [true; 2]);
        assert_eq!([put(), of()], [false; 2], "they were taken");
    }

    #[test]
    fn what_a_context_refers_to_is_let_go_when_it_is_given_back() {
        let head = Arc::new(Request::new(()).into_parts().0);
        let mut context = RequestContext::new(Tick::ZERO, false).with_head(Arc::clone(&head));
        context.tried.insert(1);
        context.upload = Some(Upload::default());
        let mut extensions = Extensions::new();
        extensions.insert(context);
        RequestContext::give_back(extensions);
        assert_eq!(Arc::strong_count(&head), 1);
        let kept = SPARE.take();
        let context: &RequestContext = kept[0].get().unwrap();
        assert!(context.tried.is_empty() && context.upload.is_none() && context.head.is_none());
    }

    #[test]
    fn only_what_holds_a_context_and_nothing_else_is_kept() {
        let kept = |extensions| {
            RequestContext::give_back(extensions);
            SPARE.take().len()
        };
        let mut more = used();
        more.insert("theirs");
        let mut other = Extensions::new();
        other.insert("theirs");
        assert_eq!([kept(used()), kept(more), kept(other)], [1, 0, 0]);
        assert_eq!(kept(Extensions::new()), 0);
    }

    #[test]
    fn so_many_are_kept_and_no_more() {
        (0..2 * MOST).for_each(|_| keep(used()));
        assert_eq!(SPARE.take().len(), MOST);
    }
}
