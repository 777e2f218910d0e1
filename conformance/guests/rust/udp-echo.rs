// udp-echo PORT: sends every datagram back to where it is from, reversed, on WasmEdge's calls for sockets. An empty one
// ends it with 7.
#[repr(C)]
struct Buffer {
    bytes: *mut u8,
    size: u32,
}

#[link(wasm_import_module = "wasi_snapshot_preview1")]
extern "C" {
    fn sock_open(family: u32, kind: u32, fd: *mut u32) -> u32;
    fn sock_bind(fd: u32, address: *const Buffer, port: u32) -> u32;
    fn sock_recv_from(
        fd: u32,
        iovs: *const Buffer,
        count: u32,
        address: *mut Buffer,
        flags: u32,
        port: *mut u32,
        size: *mut u32,
        roflags: *mut u32,
    ) -> u32;
    fn sock_send_to(
        fd: u32,
        iovs: *const Buffer,
        count: u32,
        address: *const Buffer,
        port: u32,
        flags: u32,
        size: *mut u32,
    ) -> u32;
}

fn check(what: &str, error: u32) {
    if error != 0 {
        eprintln!("{}: error {}", what, error);
        std::process::exit(1);
    }
}

fn main() {
    let port = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(8080);
    let (mut fd, mut ip) = (0, [127u8, 0, 0, 1]);
    check("sock_open", unsafe { sock_open(1, 1, &mut fd) });
    check("sock_bind", unsafe { sock_bind(fd, &Buffer { bytes: ip.as_mut_ptr(), size: 4 }, port) });
    println!("listening");
    let (mut bytes, mut storage) = (vec![0u8; 65536], [0u8; 128]);
    loop {
        // A family, then the address: what the crate of WasmEdge sends and takes.
        let mut from = Buffer { bytes: storage.as_mut_ptr(), size: 128 };
        let (mut port, mut size, mut flags) = (0, 0, 0);
        let room = Buffer { bytes: bytes.as_mut_ptr(), size: bytes.len() as u32 };
        let received = unsafe { sock_recv_from(fd, &room, 1, &mut from, 0, &mut port, &mut size, &mut flags) };
        check("sock_recv_from", received);
        if size == 0 {
            std::process::exit(7);
        }
        bytes[..size as usize].reverse();
        let answer = Buffer { bytes: bytes.as_mut_ptr(), size };
        check("sock_send_to", unsafe { sock_send_to(fd, &answer, 1, &from, port, 0, &mut size) });
    }
}
