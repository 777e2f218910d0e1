// find DIR [-type f|d|l] [-name GLOB]: prints the paths below DIR (itself included) in directory order.
use std::fs;

/// Shell pattern with * and ? only.
fn globs(pattern: &[u8], name: &[u8]) -> bool {
    match pattern.first() {
        None => name.is_empty(),
        Some(b'*') => globs(&pattern[1..], name) || (!name.is_empty() && globs(pattern, &name[1..])),
        Some(&c) => !name.is_empty() && (c == b'?' || c == name[0]) && globs(&pattern[1..], &name[1..]),
    }
}

fn visit(path: &str, kind: Option<&str>, glob: Option<&str>) -> std::io::Result<()> {
    let found = fs::symlink_metadata(path)?.file_type();
    let letter = if found.is_dir() { "d" } else if found.is_symlink() { "l" } else { "f" };
    let name = path.rsplit('/').next().unwrap_or(path);
    if kind.map_or(true, |k| k == letter) && glob.map_or(true, |g| globs(g.as_bytes(), name.as_bytes())) {
        println!("{}", path);
    }
    if found.is_dir() {
        for entry in fs::read_dir(path)? {
            visit(&format!("{}/{}", path, entry?.file_name().to_string_lossy()), kind, glob)?;
        }
    }
    Ok(())
}

fn main() {
    let args: Vec<String> = std::env::args().collect();
    let option = |name: &str| args.iter().position(|a| a == name).map(|i| args[i + 1].as_str());
    if let Err(error) = visit(&args[1], option("-type"), option("-name")) {
        eprintln!("find: {}", error);
        std::process::exit(1);
    }
}
