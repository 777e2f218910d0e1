//! client URL: prints the status and the body of what is there, by hyper's client.
use hyper::{body, Client, Uri};

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let url: Uri = std::env::args().nth(1).expect("a URL").parse().expect("a URL");
    let response = Client::new().get(url).await.expect("an answer");
    let status = response.status();
    let bytes = body::to_bytes(response.into_body()).await.expect("a body");
    println!("{}\n{}", status, String::from_utf8_lossy(&bytes));
}
