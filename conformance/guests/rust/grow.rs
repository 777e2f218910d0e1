// grow: allocates and writes 1 MiB blocks until the allocator (memory.grow) fails, then reports and ends normally.
fn main() {
    let mut blocks: Vec<Vec<u8>> = Vec::with_capacity(5000);
    loop {
        let mut block = Vec::new();
        if block.try_reserve_exact((1 << 20) - 64).is_err() {
            break;
        }
        block.push(blocks.len() as u8);
        blocks.push(block);
    }
    assert!(blocks.iter().enumerate().all(|(i, block)| block[0] == i as u8));
    println!("out of memory after {} MiB", blocks.len());
}
