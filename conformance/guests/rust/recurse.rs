// recurse: calls itself for ever; the engine must stop it, not the host's stack.
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

static DEPTH: AtomicU32 = AtomicU32::new(0);

#[inline(never)]
#[no_mangle]
pub fn guest_recurse(n: u32) -> u32 {
    DEPTH.store(n, Relaxed);
    guest_recurse(n.wrapping_add(1)).wrapping_mul(3).wrapping_add(DEPTH.load(Relaxed))
}

fn main() {
    println!("before");
    println!("survived {}", guest_recurse(0));
}
