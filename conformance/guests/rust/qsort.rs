// qsort N SEED: sorts N pseudo-random signed numbers with the standard library's sort and prints a summary of the result.
fn main() {
    let args: Vec<String> = std::env::args().collect();
    let n: usize = args.get(1).map_or(1_000_000, |text| text.parse().expect("count"));
    let mut x: u32 = args.get(2).map_or(1, |text| text.parse().expect("seed"));
    let mut numbers: Vec<i32> = (0..n)
        .map(|_| {
            x = x.wrapping_mul(1664525).wrapping_add(1013904223);
            x as i32
        })
        .collect();
    numbers.sort_unstable();
    let hash = numbers.iter().fold(2166136261u32, |hash, &number| (hash ^ number as u32).wrapping_mul(16777619));
    println!("n={} first={} median={} last={} hash={:08x}", n, numbers[0], numbers[n / 2], numbers[n - 1], hash);
}
