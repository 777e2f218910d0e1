// trap KIND: prints "before KIND" and then traps: unreachable (abort), panic or oob.
extern "C" {
    fn abort() -> !;
}

#[inline(never)]
#[no_mangle]
pub fn guest_trap(kind: &str) -> i32 {
    match kind {
        "unreachable" => unsafe { abort() },
        "panic" => panic!("guest panic"),
        "oob" => unsafe { std::ptr::read_volatile(0xffff_fff0 as *const i32) },
        _ => 0,
    }
}

fn main() {
    let kind = std::env::args().nth(1).unwrap_or_else(|| "unreachable".into());
    println!("before {}", kind);
    println!("survived {}", guest_trap(&kind));
}
