// cp -r SRC DST: copies a tree: directories, regular files and symbolic links (as links).
use std::fs;
use std::io;
use std::path::Path;

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    let kind = fs::symlink_metadata(from)?.file_type();
    if kind.is_symlink() {
        link(&fs::read_link(from)?, to)
    } else if kind.is_dir() {
        fs::create_dir(to)?;
        for entry in fs::read_dir(from)? {
            let entry = entry?;
            copy(&entry.path(), &to.join(entry.file_name()))?;
        }
        Ok(())
    } else {
        fs::copy(from, to).map(|_| ())
    }
}

/// std's own call for this is still unstable on this target.
fn link(target: &Path, at: &Path) -> io::Result<()> {
    extern "C" {
        fn symlink(target: *const u8, at: *const u8) -> i32;
    }
    let target = format!("{}\0", target.display());
    let at = format!("{}\0", at.display());
    match unsafe { symlink(target.as_ptr(), at.as_ptr()) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

fn main() {
    let args: Vec<String> = std::env::args().collect();
    if args.len() != 4 || args[1] != "-r" {
        eprintln!("usage: cp -r SRC DST");
        std::process::exit(2);
    }
    if let Err(error) = copy(Path::new(&args[2]), Path::new(&args[3])) {
        eprintln!("cp: {}", error);
        std::process::exit(1);
    }
}
