//! "Hello, World!" on port 8080, as the guides of WasmEdge have it.
use warp::Filter;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let hello = warp::get().and(warp::path::end()).map(|| "Hello, World!\n");
    println!("listening");
    warp::serve(hello).run(([0, 0, 0, 0], 8080)).await;
}
