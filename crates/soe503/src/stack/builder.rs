//! The builder: a place for each kind of layer.

use soe503_core::stack::{Part, StackError, check};
use tower_layer::{Identity, Stack as Pair};

use super::Describe;
use super::layers::{InOrder, Layers};

/// Takes layers in any order and puts them in the right one. See the [module](super).
///
/// Its type parameters are the layers, outermost first; [`Identity`] where there is none.
#[derive(Clone, Debug)]
#[must_use = "a stack does nothing until it is built"]
pub struct Stack<
    Ex = Identity,
    Ra = Identity,
    Th = Identity,
    Ti = Identity,
    Fa = Identity,
    Co = Identity,
    Re = Identity,
    Ci = Identity,
> {
    explain: Ex,
    rate_limit: Ra,
    throttle: Th,
    timeout: Ti,
    failover: Fa,
    concurrency_limit: Co,
    retry: Re,
    circuit_breaker: Ci,
    parts: Vec<Part>,
}

// === impl Stack ===

impl Stack {
    /// No layers.
    pub const fn new() -> Self {
        Self {
            explain: Identity::new(),
            rate_limit: Identity::new(),
            throttle: Identity::new(),
            timeout: Identity::new(),
            failover: Identity::new(),
            concurrency_limit: Identity::new(),
            retry: Identity::new(),
            circuit_breaker: Identity::new(),
            parts: Vec::new(),
        }
    }
}

impl Default for Stack {
    fn default() -> Self {
        Self::new()
    }
}

/// A method that takes the layer of one place.
macro_rules! takes {
    (
        $(#[$doc:meta])*
        $method:ident[$($generic:ident)?]($layer:ty) -> $stack:ty { $($place:ident)* }
    ) => {
        $(#[$doc])*
        pub fn $method$(<$generic>)?(mut self, layer: $layer) -> $stack {
            self.parts.push(layer.describe());
            Stack {
                $method: layer,
                $($place: self.$place,)*
                parts: self.parts,
            }
        }
    };
}

impl<Ex, Ra, Th, Ti, Fa, Co, Re, Ci> Stack<Ex, Ra, Th, Ti, Fa, Co, Re, Ci> {
    #[cfg(feature = "explain")]
    takes! {
        /// Turns failures into answers.
        explain[](crate::ExplainLayer) -> Stack<crate::ExplainLayer, Ra, Th, Ti, Fa, Co, Re, Ci> {
            rate_limit throttle timeout failover concurrency_limit retry circuit_breaker
        }
    }

    /// Refuses callers that send too much. May be used again for a limit with another name; the first is the
    /// outermost.
    #[cfg(feature = "rate-limit")]
    // The type is the stack; a name for it would hide what there is to see.
    #[allow(clippy::type_complexity)]
    pub fn rate_limit<K>(
        mut self,
        layer: crate::RateLimitLayer<K>,
    ) -> Stack<Ex, Pair<crate::RateLimitLayer<K>, Ra>, Th, Ti, Fa, Co, Re, Ci> {
        self.parts.push(layer.describe());
        Stack {
            explain: self.explain,
            rate_limit: Pair::new(layer, self.rate_limit),
            throttle: self.throttle,
            timeout: self.timeout,
            failover: self.failover,
            concurrency_limit: self.concurrency_limit,
            retry: self.retry,
            circuit_breaker: self.circuit_breaker,
            parts: self.parts,
        }
    }

    #[cfg(feature = "throttle")]
    takes! {
        /// Holds back what would be refused anyway.
        throttle[](crate::ThrottleLayer) -> Stack<Ex, Ra, crate::ThrottleLayer, Ti, Fa, Co, Re, Ci> {
            explain rate_limit timeout failover concurrency_limit retry circuit_breaker
        }
    }

    #[cfg(feature = "timeout")]
    takes! {
        /// Sets the deadline.
        timeout[](crate::TimeoutLayer) -> Stack<Ex, Ra, Th, crate::TimeoutLayer, Fa, Co, Re, Ci> {
            explain rate_limit throttle failover concurrency_limit retry circuit_breaker
        }
    }

    #[cfg(feature = "failover")]
    takes! {
        /// Asks other pools. The chains of the others have the types of what is inside of this.
        failover[S](crate::failover::FailoverLayer<S>)
            -> Stack<Ex, Ra, Th, Ti, crate::failover::FailoverLayer<S>, Co, Re, Ci>
        {
            explain rate_limit throttle timeout concurrency_limit retry circuit_breaker
        }
    }

    #[cfg(feature = "concurrency-limit")]
    takes! {
        /// Bounds how many requests are under way.
        concurrency_limit[](crate::ConcurrencyLimitLayer)
            -> Stack<Ex, Ra, Th, Ti, Fa, crate::ConcurrencyLimitLayer, Re, Ci>
        {
            explain rate_limit throttle timeout failover retry circuit_breaker
        }
    }

    #[cfg(feature = "retry")]
    takes! {
        /// Tries again.
        retry[](crate::RetryLayer) -> Stack<Ex, Ra, Th, Ti, Fa, Co, crate::RetryLayer, Ci> {
            explain rate_limit throttle timeout failover concurrency_limit circuit_breaker
        }
    }

    #[cfg(feature = "circuit-breaker")]
    takes! {
        /// Fails fast while what is behind fails anyway.
        circuit_breaker[C](crate::CircuitBreakerLayer<C>)
            -> Stack<Ex, Ra, Th, Ti, Fa, Co, Re, crate::CircuitBreakerLayer<C>>
        {
            explain rate_limit throttle timeout failover concurrency_limit retry
        }
    }

    /// The layers, in their order.
    ///
    /// # Errors
    /// [`StackError`] if they would not work together, with everything that is wrong.
    #[allow(clippy::type_complexity)]
    pub fn build(mut self) -> Result<Layers<InOrder<Ci, Re, Co, Fa, Ti, Th, Ra, Ex>>, StackError> {
        self.parts.sort_by_key(Part::kind);
        check(&self.parts)?;
        let inner = Pair::new(self.circuit_breaker, self.retry);
        let inner = Pair::new(inner, self.concurrency_limit);
        let inner = Pair::new(inner, self.failover);
        let inner = Pair::new(inner, self.timeout);
        let inner = Pair::new(inner, self.throttle);
        let inner = Pair::new(inner, self.rate_limit);
        Ok(Layers::new(Pair::new(inner, self.explain)))
    }
}
