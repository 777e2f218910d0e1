// hello: prints a greeting, every argument and every environment variable (sorted).
fn main() {
    let args: Vec<String> = std::env::args().collect();
    println!("hello, world\nargs: {}", args.len());
    for (i, arg) in args.iter().enumerate() {
        println!("argv[{}] = {}", i, arg);
    }
    let mut env: Vec<String> = std::env::vars().map(|(name, value)| format!("{}={}", name, value)).collect();
    env.sort();
    println!("env: {}", env.len());
    for line in env {
        println!("{}", line);
    }
}
