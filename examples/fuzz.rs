use std::panic::catch_unwind;
fn main() {
    let n: usize = std::env::args().nth(1).unwrap().parse().unwrap();
    let mut state =
        std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_nanos()
            as u64;
    let mut random = |below: usize| {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 33) as usize % below
    };
    for path in std::env::args().skip(2) {
        let bytes = std::fs::read(&path).unwrap();
        let px = bytes.windows(4).position(|w| w == [0xE0, 0x7F, 0x10, 0]).unwrap();
        let (mut panics, mut oks, mut slow) = (0, 0, std::time::Duration::ZERO);
        for i in 0..n {
            let mut b = bytes.clone();
            match i % 5 {
                0 => b.truncate(200 + random(bytes.len() - 200)),
                1 => {
                    for _ in 0..1 + random(6) {
                        let at = 128 + random(px - 128);
                        b[at] = random(256) as u8;
                    }
                }
                2 | 3 => {
                    for _ in 0..1 + random(3) {
                        let at = px + 12 + random(220.min(bytes.len() - px - 12));
                        b[at] = random(256) as u8;
                    }
                }
                _ => {
                    for _ in 0..1 + random(4) {
                        let at = px + random(bytes.len() - px);
                        b[at] = random(256) as u8;
                    }
                }
            }
            let start = std::time::Instant::now();
            match catch_unwind(|| carzero::Picture::decode(&b)) {
                Err(_) => {
                    panics += 1;
                    std::fs::write(format!("/tmp/wt/out/panic_{panics}.dcm"), &b).unwrap();
                }
                Ok(Ok(_)) => oks += 1,
                Ok(Err(_)) => {}
            }
            slow = slow.max(start.elapsed());
        }
        println!("{path}: {n} tries, {panics} panics, {oks} decoded, slowest {slow:?}");
    }
}
