// exit [CODE]: leaves in the middle of a call with CODE (7 when not given), output without a final newline.
use std::io::Write;

fn deep(depth: u32, code: i32) {
    if depth == 0 {
        std::process::exit(code);
    }
    deep(depth - 1, code);
    println!("not reached");
}

fn main() {
    let code = std::env::args().nth(1).map_or(7, |text| text.parse().expect("code"));
    print!("leaving with {}", code);
    std::io::stdout().flush().expect("stdout");
    deep(5, code);
}
