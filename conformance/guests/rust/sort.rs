// sort [FILE...]: the lines of all files (none: stdin) in byte order.
use std::io::{stdin, stdout, BufWriter, Read, Write};

fn main() -> std::io::Result<()> {
    let mut text = Vec::new();
    let names: Vec<String> = std::env::args().skip(1).collect();
    if names.is_empty() {
        stdin().read_to_end(&mut text)?;
    }
    for name in names {
        text.extend(std::fs::read(name)?);
        if text.last().map_or(false, |&last| last != b'\n') {
            text.push(b'\n');
        }
    }
    if text.last() == Some(&b'\n') {
        text.pop();
    } else if text.is_empty() {
        return Ok(());
    }
    let mut lines: Vec<&[u8]> = text.split(|&byte| byte == b'\n').collect();
    lines.sort_unstable();
    let mut out = BufWriter::new(stdout().lock());
    for line in lines {
        out.write_all(line)?;
        out.write_all(b"\n")?;
    }
    out.flush()
}
