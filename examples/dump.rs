fn main() {
    for path in std::env::args().skip(1) {
        let bytes = std::fs::read(&path).unwrap();
        let start = std::time::Instant::now();
        match carzero::Picture::decode(&bytes) {
            Ok(p) => {
                println!("{path}: {:?} {:?}", start.elapsed(), p.note());
                if let Some(a) = p.about() {
                    for f in a.facts() {
                        println!("   {}: {}", f.name, f.value);
                    }
                    for w in a.warnings() {
                        println!("   ! {w}");
                    }
                }
                let name =
                    std::path::Path::new(&path).file_name().unwrap().to_string_lossy().to_string();
                let g = p.grey();
                let sum: u64 = g.as_raw().iter().map(|&v| v as u64).sum();
                println!(
                    "   window {:?} mean {:.3}",
                    p.window(),
                    sum as f64 / g.as_raw().len() as f64
                );
                image::imageops::thumbnail(g, 500, 500 * g.height() / g.width())
                    .save(format!("/tmp/wt/out/{name}.png"))
                    .unwrap();
            }
            Err(e) => println!("{path}: {} {e}", e.code()),
        }
    }
}
