// sha256sum [FILE...]: "HEX  NAME" per file (none: stdin, named "-"). The constants are computed, not listed.
use std::fs::File;
use std::io::{stdin, Read};

/// The first 32 bits of the fractional part of `root(p)` for the n-th prime: fixed-point search, exact.
fn fraction(p: u64, cube: bool) -> u32 {
    let (mut low, mut high) = (0u128, 1u128 << 40);
    while high - low > 1 {
        let middle = (low + high) / 2;
        let power = if cube { middle * middle * middle } else { middle * middle };
        if power <= (p as u128) << (if cube { 96 } else { 64 }) {
            low = middle;
        } else {
            high = middle;
        }
    }
    low as u32
}

fn primes(count: usize) -> Vec<u64> {
    (2u64..).filter(|n| (2..*n).take_while(|d| d * d <= *n).all(|d| n % d != 0)).take(count).collect()
}

fn block(h: &mut [u32; 8], k: &[u32], bytes: &[u8]) {
    let mut w = [0u32; 64];
    for i in 0..16 {
        w[i] = u32::from_be_bytes([bytes[4 * i], bytes[4 * i + 1], bytes[4 * i + 2], bytes[4 * i + 3]]);
    }
    for i in 16..64 {
        let s0 = w[i - 15].rotate_right(7) ^ w[i - 15].rotate_right(18) ^ (w[i - 15] >> 3);
        let s1 = w[i - 2].rotate_right(17) ^ w[i - 2].rotate_right(19) ^ (w[i - 2] >> 10);
        w[i] = w[i - 16].wrapping_add(s0).wrapping_add(w[i - 7]).wrapping_add(s1);
    }
    let [mut a, mut b, mut c, mut d, mut e, mut f, mut g, mut last] = *h;
    for i in 0..64 {
        let s1 = e.rotate_right(6) ^ e.rotate_right(11) ^ e.rotate_right(25);
        let t1 = last.wrapping_add(s1).wrapping_add((e & f) ^ (!e & g)).wrapping_add(k[i]).wrapping_add(w[i]);
        let s0 = a.rotate_right(2) ^ a.rotate_right(13) ^ a.rotate_right(22);
        let t2 = s0.wrapping_add((a & b) ^ (a & c) ^ (b & c));
        last = g;
        g = f;
        f = e;
        e = d.wrapping_add(t1);
        d = c;
        c = b;
        b = a;
        a = t1.wrapping_add(t2);
    }
    for (to, add) in h.iter_mut().zip([a, b, c, d, e, f, g, last]) {
        *to = to.wrapping_add(add);
    }
}

fn sum(start: &[u32; 8], k: &[u32], mut bytes: Vec<u8>) -> String {
    let bits = bytes.len() as u64 * 8;
    bytes.push(0x80);
    while bytes.len() % 64 != 56 {
        bytes.push(0);
    }
    bytes.extend(bits.to_be_bytes());
    let mut h = *start;
    for chunk in bytes.chunks_exact(64) {
        block(&mut h, k, chunk);
    }
    h.iter().map(|word| format!("{:08x}", word)).collect()
}

fn main() {
    let k: Vec<u32> = primes(64).iter().map(|&p| fraction(p, true)).collect();
    let mut start = [0u32; 8];
    for (to, p) in start.iter_mut().zip(primes(8)) {
        *to = fraction(p, false);
    }
    let names: Vec<String> = std::env::args().skip(1).collect();
    let mut bytes = Vec::new();
    if names.is_empty() {
        stdin().read_to_end(&mut bytes).expect("stdin");
        println!("{}  -", sum(&start, &k, bytes));
    }
    let mut failed = false;
    for name in names {
        let mut bytes = Vec::new();
        match File::open(&name).and_then(|mut file| file.read_to_end(&mut bytes)) {
            Ok(_) => println!("{}  {}", sum(&start, &k, bytes), name),
            Err(error) => {
                eprintln!("sha256sum: {}: {}", name, error);
                failed = true;
            }
        }
    }
    std::process::exit(failed as i32);
}
