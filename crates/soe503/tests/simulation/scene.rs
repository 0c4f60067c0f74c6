//! The code under test, the truth about it, and who compares the two.

use std::cell::RefCell;
use std::rc::Rc;

use crate::invariant::floor::Floor;
use crate::invariant::permits;
use crate::stack::{Backends, Stack};
use crate::world::World;

/// One run's everything.
#[derive(Debug)]
pub(crate) struct Scene {
    pub(crate) world: World,
    pub(crate) stack: Stack,
    floor: RefCell<Floor>,
}

impl Scene {
    pub(crate) fn new(world: World) -> Rc<Self> {
        let stack = Stack::new(&world);
        let mut floor = Floor::new(world.schedule.size());
        floor.rebase(&world, &stack.backends);
        let scene = Rc::new(Self {
            world,
            stack,
            floor: RefCell::new(floor),
        });
        scene.world.watch(Rc::downgrade(&scene));
        scene
    }

    /// Judges what traffic and time have done since the last look.
    pub(crate) fn look(&self) {
        self.floor
            .borrow_mut()
            .look(&self.world, &self.stack.backends);
        permits::look(&self.world, &self.stack);
    }

    /// Lets somebody other than traffic change the pool.
    pub(crate) fn alter<R>(&self, alteration: impl FnOnce(&Backends) -> R) -> R {
        self.look();
        let result = alteration(&self.stack.backends);
        self.floor
            .borrow_mut()
            .rebase(&self.world, &self.stack.backends);
        result
    }
}
