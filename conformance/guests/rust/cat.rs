// cat [FILE...]: copies files ("-" or none: stdin) to stdout; a missing file is reported and the rest still copied.
use std::fs::File;
use std::io::{copy, stdin, stdout, Result};

fn cat(name: &str) -> Result<u64> {
    if name == "-" {
        copy(&mut stdin().lock(), &mut stdout().lock())
    } else {
        copy(&mut File::open(name)?, &mut stdout().lock())
    }
}

fn main() {
    let mut names: Vec<String> = std::env::args().skip(1).collect();
    if names.is_empty() {
        names.push("-".into());
    }
    let mut failed = false;
    for name in names {
        if let Err(error) = cat(&name) {
            eprintln!("cat: {}: {}", name, error);
            failed = true;
        }
    }
    std::process::exit(failed as i32);
}
