// json: parses stdin into a tree, prints it back without spaces, and counts on stderr.
// "objects=N arrays=N strings=N numbers=N depth=N sum=N" where sum is 1000 x the sum of all numbers, cut to an integer.
use std::io::{stdin, stdout, Read, Write};

enum Json<'a> {
    Word(&'a str),
    Number(&'a str),
    Text(String),
    Array(Vec<Json<'a>>),
    Object(Vec<(String, Json<'a>)>),
}

#[derive(Default)]
struct Counts {
    objects: u32,
    arrays: u32,
    strings: u32,
    numbers: u32,
    depth: u32,
    sum: f64,
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    counts: Counts,
}

/// Where the input stopped making sense.
struct Broken(usize);

impl<'a> Parser<'a> {
    fn peek(&self) -> u8 {
        *self.text.as_bytes().get(self.at).unwrap_or(&0)
    }

    fn broken<T>(&self) -> Result<T, Broken> {
        Err(Broken(self.at))
    }

    fn space(&mut self) {
        while matches!(self.peek(), b' ' | b'\n' | b'\t' | b'\r') {
            self.at += 1;
        }
    }

    fn expect(&mut self, word: &'static str) -> Result<&'static str, Broken> {
        if !self.text[self.at..].starts_with(word) {
            return self.broken();
        }
        self.at += word.len();
        Ok(word)
    }

    fn hex4(&mut self) -> Result<u32, Broken> {
        let digits = self.text.get(self.at..self.at + 4).ok_or(Broken(self.at))?;
        let value = u32::from_str_radix(digits, 16).map_err(|_| Broken(self.at))?;
        self.at += 4;
        Ok(value)
    }

    fn escape(&mut self) -> Result<char, Broken> {
        let c = self.peek();
        self.at += 1;
        Ok(match c {
            b'"' | b'\\' | b'/' => c as char,
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let mut unit = self.hex4()?;
                if (0xd800..0xdc00).contains(&unit) {
                    self.expect("\\u")?;
                    unit = 0x10000 + ((unit - 0xd800) << 10) + (self.hex4()?.wrapping_sub(0xdc00) & 0x3ff);
                }
                char::from_u32(unit).ok_or(Broken(self.at))?
            }
            _ => return self.broken(),
        })
    }

    fn string(&mut self) -> Result<String, Broken> {
        self.expect("\"")?;
        self.counts.strings += 1;
        let mut out = String::new();
        loop {
            let from = self.at;
            while !matches!(self.peek(), b'"' | b'\\' | 0..=31) {
                self.at += 1;
            }
            out.push_str(&self.text[from..self.at]);
            match self.peek() {
                b'"' => {
                    self.at += 1;
                    return Ok(out);
                }
                b'\\' => {
                    self.at += 1;
                    out.push(self.escape()?);
                }
                _ => return self.broken(),
            }
        }
    }

    fn number(&mut self) -> Result<Json<'a>, Broken> {
        let from = self.at;
        while matches!(self.peek(), b'-' | b'.' | b'0'..=b'9') {
            self.at += 1;
        }
        let text = &self.text[from..self.at];
        self.counts.sum += text.parse::<f64>().map_err(|_| Broken(from))?;
        self.counts.numbers += 1;
        Ok(Json::Number(text))
    }

    fn members<T>(&mut self, close: u8, one: impl Fn(&mut Self) -> Result<T, Broken>) -> Result<Vec<T>, Broken> {
        let mut list = Vec::new();
        self.at += 1;
        self.space();
        while self.peek() != close {
            if !list.is_empty() {
                self.expect(",")?;
                self.space();
            }
            list.push(one(self)?);
            self.space();
        }
        self.at += 1;
        Ok(list)
    }

    fn value(&mut self, depth: u32) -> Result<Json<'a>, Broken> {
        self.counts.depth = self.counts.depth.max(depth);
        self.space();
        match self.peek() {
            b'{' => {
                self.counts.objects += 1;
                self.members(b'}', |p| {
                    let name = p.string()?;
                    p.space();
                    p.expect(":")?;
                    Ok((name, p.value(depth + 1)?))
                })
                .map(Json::Object)
            }
            b'[' => {
                self.counts.arrays += 1;
                self.members(b']', |p| p.value(depth + 1)).map(Json::Array)
            }
            b'"' => self.string().map(Json::Text),
            b't' => self.expect("true").map(Json::Word),
            b'f' => self.expect("false").map(Json::Word),
            b'n' => self.expect("null").map(Json::Word),
            _ => self.number(),
        }
    }
}

fn put_string(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c < ' ' => out.push_str(&format!("\\u{:04x}", c as u32)),
            c => out.push(c),
        }
    }
    out.push('"');
}

fn put(out: &mut String, value: &Json) {
    match value {
        Json::Word(text) | Json::Number(text) => out.push_str(text),
        Json::Text(text) => put_string(out, text),
        Json::Array(list) => {
            for (i, item) in list.iter().enumerate() {
                out.push(if i == 0 { '[' } else { ',' });
                put(out, item);
            }
            out.push_str(if list.is_empty() { "[]" } else { "]" });
        }
        Json::Object(list) => {
            for (i, (name, item)) in list.iter().enumerate() {
                out.push(if i == 0 { '{' } else { ',' });
                put_string(out, name);
                out.push(':');
                put(out, item);
            }
            out.push_str(if list.is_empty() { "{}" } else { "}" });
        }
    }
}

fn main() {
    let mut text = String::new();
    stdin().read_to_string(&mut text).expect("stdin");
    let mut parser = Parser { text: &text, at: 0, counts: Counts::default() };
    let parsed = parser.value(1).and_then(|root| {
        parser.space();
        if parser.at == text.len() { Ok(root) } else { parser.broken() }
    });
    match parsed {
        Err(Broken(at)) => {
            eprintln!("json: error at byte {}", at);
            std::process::exit(1);
        }
        Ok(root) => {
            let mut out = String::new();
            put(&mut out, &root);
            out.push('\n');
            stdout().write_all(out.as_bytes()).expect("stdout");
            let c = parser.counts;
            let sum = (c.sum * 1000.0) as i64;
            eprintln!("objects={} arrays={} strings={} numbers={} depth={} sum={}", c.objects, c.arrays, c.strings, c.numbers, c.depth, sum);
        }
    }
}
