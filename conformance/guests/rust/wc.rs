// wc: reads stdin to the end and prints "BYTES LINES WORDS ADLER32".
use std::io::{stdin, Read};

fn main() -> std::io::Result<()> {
    let (mut bytes, mut lines, mut words) = (0u64, 0u64, 0u64);
    let (mut a, mut b) = (1u32, 0u32);
    let mut in_word = false;
    let mut buffer = [0u8; 10000];
    let mut input = stdin().lock();
    loop {
        let got = input.read(&mut buffer)?;
        if got == 0 {
            break;
        }
        bytes += got as u64;
        for &byte in &buffer[..got] {
            let space = matches!(byte, b' ' | 9..=13);
            lines += (byte == b'\n') as u64;
            words += (!space && !in_word) as u64;
            in_word = !space;
            a = (a + byte as u32) % 65521;
            b = (b + a) % 65521;
        }
    }
    println!("{} {} {} {:08x}", bytes, lines, words, b << 16 | a);
    Ok(())
}
