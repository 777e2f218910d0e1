//! GET /get?foo=bar tells the request as JSON, POST /echo sends its body back, on the port of the environment's PORT.
use std::collections::BTreeMap;
use warp::http::HeaderMap;
use warp::Filter;

type Args = BTreeMap<String, String>;

fn told(args: Args, headers: HeaderMap, path: warp::path::FullPath) -> String {
    let headers: Args = headers
        .iter()
        .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
        .collect();
    let host = headers.get("host").cloned().unwrap_or_default();
    let url = format!("http://{}{}", host, path.as_str());
    serde_json::json!({ "args": args, "headers": headers, "url": url }).to_string()
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let port = std::env::var("PORT").ok().and_then(|text| text.parse().ok()).unwrap_or(8080);
    let get = warp::get()
        .and(warp::path!("get"))
        .and(warp::query::<Args>())
        .and(warp::header::headers_cloned())
        .and(warp::path::full())
        .map(told)
        .map(|text| warp::reply::with_header(text, "content-type", "application/json"));
    let echo = warp::post().and(warp::path!("echo")).and(warp::body::bytes()).map(|bytes: bytes::Bytes| bytes.to_vec());
    println!("listening");
    warp::serve(get.or(echo)).run(([127, 0, 0, 1], port)).await;
}
