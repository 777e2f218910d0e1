// sleep MS: sleeps and prints how long it took by the monotonic and by the wall clock, in whole milliseconds.
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

fn main() {
    let ms = std::env::args().nth(1).map_or(100, |text| text.parse().expect("milliseconds"));
    println!("sleeping");
    let (mono, wall) = (Instant::now(), SystemTime::now());
    std::thread::sleep(Duration::from_millis(ms));
    let since = wall.duration_since(UNIX_EPOCH).expect("after 1970").as_secs();
    let slept = wall.elapsed().expect("wall clock").as_millis();
    println!("monotonic {} wall {} now {}", mono.elapsed().as_millis(), slept, since);
}
