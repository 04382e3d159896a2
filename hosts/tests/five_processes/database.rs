//! A look into the database under the state component, behind everybody's back: the state API lists no keys. As much of each protocol as one
//! question takes, spoken here, so that no client of a database comes into the tree for a test.

use std::{
    collections::BTreeMap,
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{Ipv4Addr, TcpStream},
    time::Duration,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use daprenv::Environment;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};

/// Longer than an answer takes.
const PATIENCE: Duration = Duration::from_secs(30);

/// The keys whose values have `text` in them, in whatever case.
pub(crate) fn keys_holding(environment: &Environment, text: &str) -> Vec<String> {
    let secrets = fs::read(environment.state().join("secrets.json")).unwrap();
    let secrets: BTreeMap<String, String> = serde_json::from_slice(&secrets).unwrap();
    match environment.process("postgres") {
        Ok(process) => in_postgres(process.port("sql"), &secrets["postgresconnection"], text),
        Err(_) => in_redis(
            environment.process("redis").unwrap().port("redis"),
            &secrets["redispassword"],
            text,
        ),
    }
}

fn connect(port: u16) -> BufReader<TcpStream> {
    let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    BufReader::new(stream)
}

/// The first column of what PostgreSQL answers.
fn in_postgres(port: u16, connection: &str, text: &str) -> Vec<String> {
    let setting = |name: &str| connection.split(' ').find_map(|pair| pair.strip_prefix(name)).unwrap();
    let mut stream = connect(port);
    let hello = format!("user\0{}\0database\0{}\0\0", setting("user="), setting("database="));
    let mut message = u32::try_from(hello.len() + 8).unwrap().to_be_bytes().to_vec();
    message.extend(196_608_u32.to_be_bytes());
    message.extend(hello.as_bytes());
    stream.get_mut().write_all(&message).unwrap();
    authenticate(&mut stream, setting("password="));
    let question = format!(
        "SELECT key FROM punctual_state WHERE position('{}' in lower(encode(value, 'escape'))) > 0 ORDER BY key\0",
        text.to_lowercase()
    );
    tell(&mut stream, b'Q', question.as_bytes());
    let mut keys = Vec::new();
    loop {
        match hear(&mut stream) {
            // The number of columns, and the length of the first.
            (b'D', row) => keys.push(String::from_utf8(row[6..].to_vec()).unwrap()),
            (b'Z', _) => return keys,
            _ => {}
        }
    }
}

/// SCRAM-SHA-256 (RFC 5802, RFC 7677), up to where questions may be asked.
fn authenticate(stream: &mut BufReader<TcpStream>, password: &str) {
    const NONCE: &str = "r=on-loopback-any-will-do";
    hear(stream);
    let mut first = b"SCRAM-SHA-256\0".to_vec();
    let begun = format!("n,,n=,{NONCE}");
    first.extend(u32::try_from(begun.len()).unwrap().to_be_bytes());
    first.extend(begun.as_bytes());
    tell(stream, b'p', &first);
    let (_, challenge) = hear(stream);
    let challenge = std::str::from_utf8(&challenge[4..]).unwrap();
    let [nonce, salt, rounds] = <[&str; 3]>::try_from(challenge.split(',').collect::<Vec<_>>()).unwrap();
    let mut block = STANDARD.decode(&salt[2..]).unwrap();
    block.extend(1_u32.to_be_bytes());
    let mut round = keyed(password.as_bytes(), &block);
    let mut salted = round;
    for _ in 1..rounds[2..].parse::<u32>().unwrap() {
        round = keyed(password.as_bytes(), &round);
        salted = xor(salted, round);
    }
    let ending = format!("c=biws,{nonce}");
    let client_key = keyed(&salted, b"Client Key");
    let said = format!("n=,{NONCE},{challenge},{ending}");
    let proof = xor(client_key, keyed(&Sha256::digest(client_key), said.as_bytes()));
    tell(
        stream,
        b'p',
        format!("{ending},p={}", STANDARD.encode(proof)).as_bytes(),
    );
    while hear(stream).0 != b'Z' {}
}

fn keyed(key: &[u8], message: &[u8]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.update(message);
    mac.finalize().into_bytes().into()
}

fn xor(one: [u8; 32], other: [u8; 32]) -> [u8; 32] {
    std::array::from_fn(|index| one[index] ^ other[index])
}

fn tell(stream: &mut BufReader<TcpStream>, kind: u8, body: &[u8]) {
    let mut message = vec![kind];
    message.extend(u32::try_from(body.len() + 4).unwrap().to_be_bytes());
    message.extend(body);
    stream.get_mut().write_all(&message).unwrap();
}

fn hear(stream: &mut BufReader<TcpStream>) -> (u8, Vec<u8>) {
    let mut begin = [0; 5];
    stream.read_exact(&mut begin).unwrap();
    let length = u32::from_be_bytes(begin[1..].try_into().unwrap()) - 4;
    let mut body = vec![0; usize::try_from(length).unwrap()];
    stream.read_exact(&mut body).unwrap();
    assert_ne!(begin[0], b'E', "{}", String::from_utf8_lossy(&body));
    (begin[0], body)
}

/// What Redis answers to a script that looks at every key.
fn in_redis(port: u16, password: &str, text: &str) -> Vec<String> {
    const SCRIPT: &str = "local found = {} for _, key in ipairs(redis.call('KEYS', '*')) do local value = redis.pcall('HGET', key, 'data') \
        if type(value) == 'string' and string.find(string.lower(value), ARGV[1], 1, true) then found[#found + 1] = key end end return found";
    let mut stream = connect(port);
    for command in [&["AUTH", password][..], &["EVAL", SCRIPT, "0", &text.to_lowercase()]] {
        let mut message = format!("*{}\r\n", command.len());
        for word in command {
            message.push_str(&format!("${}\r\n{word}\r\n", word.len()));
        }
        stream.get_mut().write_all(message.as_bytes()).unwrap();
    }
    assert_eq!(line(&mut stream), "+OK");
    let count = line(&mut stream);
    let count = count.strip_prefix('*').unwrap_or_else(|| panic!("{count}"));
    // Each is its length and itself, and no key has a line break.
    let keys = (0..count.parse::<usize>().unwrap()).map(|_| [line(&mut stream), line(&mut stream)]);
    keys.map(|[_, key]| key).collect()
}

fn line(stream: &mut BufReader<TcpStream>) -> String {
    let mut line = String::new();
    stream.read_line(&mut line).unwrap();
    line.trim_end().to_owned()
}
