// httpbin PORT: a web server on WasmEdge's calls for sockets, without crates. GET /get?foo=bar tells the request as JSON,
// POST /post its body; GET /quit ends it with 7. One connection after another, many requests on each.
use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::os::wasi::io::FromRawFd;

#[repr(C)]
struct Address {
    bytes: *mut u8,
    size: u32,
}

#[link(wasm_import_module = "wasi_snapshot_preview1")]
extern "C" {
    fn sock_open(family: u32, kind: u32, fd: *mut u32) -> u32;
    fn sock_bind(fd: u32, address: *const Address, port: u32) -> u32;
    fn sock_listen(fd: u32, backlog: u32) -> u32;
    fn sock_accept(fd: u32, connection: *mut u32) -> u32;
    fn sock_getpeeraddr(fd: u32, address: *mut Address, kind: *mut u32, port: *mut u32) -> u32;
}

fn check(what: &str, error: u32) {
    if error != 0 {
        eprintln!("{}: error {}", what, error);
        std::process::exit(1);
    }
}

fn listen(port: u32) -> u32 {
    let (mut fd, mut ip) = (0, [127u8, 0, 0, 1]);
    let address = Address { bytes: ip.as_mut_ptr(), size: 4 };
    check("sock_open", unsafe { sock_open(1, 2, &mut fd) });
    check("sock_bind", unsafe { sock_bind(fd, &address, port) });
    check("sock_listen", unsafe { sock_listen(fd, 128) });
    fd
}

fn peer(fd: u32) -> String {
    let (mut ip, mut kind, mut port) = ([0u8; 4], 0, 0);
    let mut address = Address { bytes: ip.as_mut_ptr(), size: 4 };
    check("sock_getpeeraddr", unsafe { sock_getpeeraddr(fd, &mut address, &mut kind, &mut port) });
    format!("{}.{}.{}.{}", ip[0], ip[1], ip[2], ip[3])
}

fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if (c as u32) < 32 => out.push_str(&format!("\\u{:04x}", c as u32)),
            c => out.push(c),
        }
    }
    out + "\""
}

fn object(pairs: &[(String, String)]) -> String {
    let members: Vec<String> = pairs.iter().map(|(name, value)| format!("{}:{}", quoted(name), quoted(value))).collect();
    format!("{{{}}}", members.join(","))
}

/// `%41` and `+` of a query. What is no such code stays as it is.
fn decoded(text: &str) -> String {
    let mut out = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let code = after.get(..2).and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
        match (first, code) {
            (b'%', Some(byte)) => {
                out.push(byte);
                rest = &after[2..];
                continue;
            }
            (b'+', _) => out.push(b' '),
            _ => out.push(first),
        }
        rest = after;
    }
    String::from_utf8_lossy(&out).into_owned()
}

struct Request {
    method: String,
    target: String,
    path: String,
    args: Vec<(String, String)>,
    headers: Vec<(String, String)>,
    body: String,
}

/// None at the end of the connection, or of what can be understood.
fn read_request(input: &mut impl BufRead) -> Option<Request> {
    let mut line = String::new();
    input.read_line(&mut line).ok()?;
    let mut words = line.split_whitespace().map(String::from);
    let (method, target) = (words.next()?, words.next()?);
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        if input.read_line(&mut line).ok()? == 0 {
            return None;
        }
        match line.trim_end().split_once(':') {
            Some((name, value)) => headers.push((name.to_string(), value.trim().to_string())),
            None => break,
        }
    }
    let length = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    let mut body = vec![0; length.and_then(|(_, text)| text.parse().ok()).unwrap_or(0)];
    input.read_exact(&mut body).ok()?;
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let args = query.split('&').filter(|part| !part.is_empty()).map(|part| {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        (decoded(name), decoded(value))
    });
    let body = String::from_utf8_lossy(&body).into_owned();
    Some(Request { method, target: target.clone(), path: path.to_string(), args: args.collect(), headers, body })
}

fn answer(request: &Request, origin: &str) -> (&'static str, String) {
    let host = request.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("host"));
    let url = format!("http://{}{}", host.map_or("", |(_, value)| value), request.target);
    let (args, headers) = (object(&request.args), object(&request.headers));
    match (request.method.as_str(), request.path.as_str()) {
        ("GET", "/get") | ("POST", "/post") => {
            let (data, origin, url) = (quoted(&request.body), quoted(origin), quoted(&url));
            let start = format!("{{\"args\":{},\"data\":{},\"headers\":{}", args, data, headers);
            ("200 OK", format!("{},\"origin\":{},\"url\":{}}}\n", start, origin, url))
        }
        ("GET", "/quit") => ("200 OK", String::from("{}\n")),
        (_, "/get" | "/post") => ("405 Method Not Allowed", String::from("{}\n")),
        _ => ("404 Not Found", String::from("{}\n")),
    }
}

fn main() {
    let port = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(8080);
    let listener = listen(port);
    println!("listening");
    loop {
        let mut fd = 0;
        check("sock_accept", unsafe { sock_accept(listener, &mut fd) });
        let origin = peer(fd);
        // It closes the descriptor at its end.
        let connection = unsafe { File::from_raw_fd(fd as i32) };
        let mut input = BufReader::new(&connection);
        while let Some(request) = read_request(&mut input) {
            let (status, body) = answer(&request, &origin);
            let head = format!("HTTP/1.1 {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n", status, body.len());
            let mut output = &connection;
            if output.write_all(head.as_bytes()).and_then(|()| output.write_all(body.as_bytes())).is_err() {
                break;
            }
            if request.path == "/quit" {
                std::process::exit(7);
            }
        }
    }
}
