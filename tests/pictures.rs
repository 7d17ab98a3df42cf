//! Decoding and preprocessing of every kind of picture, and refusal of what cannot be one.

use std::io::Cursor;
use std::path::Path;

use carzero::radiograph::note::Note;
use carzero::radiograph::preprocess::{ImageConfig, Resize, Square};
use carzero::{Error, Picture, Warning};
use image::{DynamicImage, GrayImage, ImageBuffer, ImageFormat, Luma, Rgb, RgbImage};

fn encode(image: impl Into<DynamicImage>, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    image.into().write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

#[test]
fn every_depth_and_colour_becomes_the_same_grey() {
    let grey = GrayImage::from_fn(16, 8, |x, y| Luma([(x * 8 + y * 15) as u8]));
    let value = |x: u32, y: u32| u16::from(grey.get_pixel(x, y).0[0]);
    let rgb = RgbImage::from_fn(16, 8, |x, y| Rgb([value(x, y) as u8; 3]));
    let deep: ImageBuffer<Luma<u16>, _> =
        ImageBuffer::from_fn(16, 8, |x, y| Luma([value(x, y) * 257]));
    let deep_rgb: ImageBuffer<Rgb<u16>, _> =
        ImageBuffer::from_fn(16, 8, |x, y| Rgb([value(x, y) * 257; 3]));
    // The brightest pixel must need 16 bits, or the 16-bit files would be read as fewer.
    assert!(grey.iter().any(|&v| v > 64));

    for (what, bytes) in [
        ("8-bit grey PNG", encode(grey.clone(), ImageFormat::Png)),
        ("8-bit RGB PNG", encode(rgb.clone(), ImageFormat::Png)),
        ("16-bit grey PNG", encode(DynamicImage::ImageLuma16(deep), ImageFormat::Png)),
        ("16-bit RGB PNG", encode(DynamicImage::ImageRgb16(deep_rgb), ImageFormat::Png)),
        ("WebP", encode(rgb, ImageFormat::WebP)),
    ] {
        assert_eq!(Picture::decode(&bytes).unwrap().grey(), &grey, "{what}");
    }
    let jpeg = Picture::decode(&encode(grey.clone(), ImageFormat::Jpeg)).unwrap();
    let worst = jpeg.grey().iter().zip(grey.iter()).map(|(a, b)| a.abs_diff(*b)).max().unwrap();
    assert!(worst <= 8, "JPEG is off by {worst}");
}

#[test]
fn twelve_bits_in_a_sixteen_bit_file_fill_the_range() {
    let deep: ImageBuffer<Luma<u16>, _> =
        ImageBuffer::from_fn(4, 1, |x, _| Luma([x as u16 * 1365]));
    let picture =
        Picture::decode(&encode(DynamicImage::ImageLuma16(deep), ImageFormat::Png)).unwrap();
    assert_eq!(picture.grey().as_raw(), &[0, 85, 170, 255]);
    assert_eq!(picture.notes(), [Note::Depth { bits: 12 }]);
}

#[test]
fn thumbnails_have_the_means_of_blocks() {
    let picture = Picture::from_grey(4, 2, vec![0, 2, 100, 104, 4, 6, 108, 112]).unwrap();
    let small = picture.thumbnail(2);
    assert_eq!((small.dimensions(), small.as_raw()), ((2, 1), &vec![3, 106]));
    assert_eq!(picture.thumbnail(4).as_raw(), picture.grey().as_raw());
    let narrow = Picture::from_grey(1, 300, vec![9; 300]).unwrap();
    assert_eq!(narrow.thumbnail(96).dimensions(), (1, 96));
}

#[test]
fn colours_become_luma_as_in_opencv() {
    let rgb = RgbImage::from_fn(3, 1, |x, _| {
        Rgb(std::array::from_fn(|channel| if channel == x as usize { 255 } else { 0 }))
    });
    let picture = Picture::decode(&encode(rgb, ImageFormat::Png)).unwrap();
    assert_eq!(picture.grey().as_raw(), &[76, 150, 29]);
}

/// Written by OpenJPEG 2.5, lossless.
#[test]
fn jpeg_2000_is_read_with_and_without_boxes() {
    let seed = |name: &str| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/seeds/picture");
        std::fs::read(path.join(name)).unwrap()
    };
    let grey = GrayImage::from_fn(9, 7, |x, y| Luma([(x * 20 + y * 9) as u8]));
    assert_eq!(Picture::decode(&seed("grey.jp2")).unwrap().grey(), &grey);
    let deep: ImageBuffer<Luma<u16>, _> =
        ImageBuffer::from_fn(9, 7, |x, y| Luma([(x * 4000 + y * 3000) as u16]));
    let deep = Picture::decode(&encode(DynamicImage::ImageLuma16(deep), ImageFormat::Png)).unwrap();
    assert_eq!(Picture::decode(&seed("deep.jp2")).unwrap().grey(), deep.grey());
    let colour = RgbImage::from_fn(9, 7, |x, y| {
        Rgb([x * 20 + y, y * 30, 250 - x * 9].map(|sample| sample as u8))
    });
    let colour = Picture::decode(&encode(colour, ImageFormat::Png)).unwrap();
    for name in ["colour.jp2", "colour.j2k"] {
        let picture = Picture::decode(&seed(name)).unwrap();
        assert_eq!(picture.grey(), colour.grey(), "{name}");
        assert_eq!(picture.warnings(), colour.warnings(), "{name}");
        let bytes = seed(name);
        for cut in 0..bytes.len() - 3 {
            let _ = Picture::decode(&bytes[..cut]);
        }
        assert_eq!(Picture::decode(&bytes[..bytes.len() / 2]).unwrap_err().code(), "bad-image");
    }
    let mut huge = seed("colour.j2k");
    // Of picture and tile (T.800 section A.5.1): 30,000 x 30,000.
    for side in [8, 12, 24, 28] {
        huge[side..side + 4].copy_from_slice(&30_000u32.to_be_bytes());
    }
    assert_eq!(Picture::decode(&huge).unwrap_err().code(), "image-too-large");
    let mut palette = seed("grey.jp2");
    let colours = palette.windows(4).position(|four| four == b"colr").unwrap();
    palette[colours..colours + 4].copy_from_slice(b"pclr");
    let error = Picture::decode(&palette).unwrap_err();
    assert!(error.to_string().contains("neither grey nor RGB"), "{error}");
}

#[test]
fn colours_are_warned_of_but_not_a_coloured_mark() {
    let warnings = |pixel: &dyn Fn(u32, u32) -> [u8; 3]| {
        let image = RgbImage::from_fn(64, 64, |x, y| Rgb(pixel(x, y)));
        Picture::decode(&encode(image, ImageFormat::Png)).unwrap().warnings().len()
    };
    assert_eq!(warnings(&|x, _| [x as u8 * 3, x as u8 * 3 + 20, x as u8 * 3 + 40]), 1);
    assert_eq!(warnings(&|x, _| [x as u8; 3]), 0);
    let deep = ImageBuffer::from_fn(64, 64, |x, _| Rgb([x as u16 * 900, 30_000, 0]));
    let deep = Picture::decode(&encode(deep, ImageFormat::Png)).unwrap();
    assert_eq!(deep.warnings(), [Warning::Coloured], "16 bits a channel");
    assert_eq!(warnings(&|x, y| if x < 8 && y < 8 { [255, 0, 0] } else { [x as u8; 3] }), 0);
}

#[test]
fn exif_orientation_is_applied() {
    let wide = GrayImage::from_fn(16, 8, |x, _| Luma([if x < 8 { 255 } else { 0 }]));
    // One tag: orientation 6, a quarter turn clockwise.
    let exif = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";
    let jpeg = encode(wide.clone(), ImageFormat::Jpeg);
    let jpeg = [&jpeg[..2], b"\xff\xe1\x00\x22Exif\0\0", exif, &jpeg[2..]].concat();
    let webp = extended_webp(&encode(wide, ImageFormat::WebP), exif.len() as u32, exif);
    for (format, bytes) in [("JPEG", jpeg), ("WebP", webp)] {
        let picture = Picture::decode(&bytes).unwrap();
        assert_eq!((picture.width(), picture.height()), (8, 16), "{format}");
        let grey = |y| picture.grey().get_pixel(4, y).0[0];
        assert!(grey(1) > 200 && grey(14) < 50, "{format}");
    }
}

/// A WebP file of 16 x 8 pixels with an EXIF chunk that says it has so many bytes.
fn extended_webp(simple: &[u8], says: u32, exif: &[u8]) -> Vec<u8> {
    let header = b"WEBPVP8X\x0a\0\0\0\x08\0\0\0\x0f\0\0\x07\0\0";
    let body = [header, &simple[12..], b"EXIF", &says.to_le_bytes(), exif].concat();
    [b"RIFF", &(body.len() as u32).to_le_bytes()[..], &body].concat()
}

#[test]
fn a_chunk_larger_than_the_file_is_not_believed() {
    let simple = encode(GrayImage::new(16, 8), ImageFormat::WebP);
    let picture = Picture::decode(&extended_webp(&simple, u32::MAX, b"MM")).unwrap();
    assert_eq!((picture.width(), picture.height()), (16, 8));
}

#[test]
fn what_is_no_picture_is_refused_with_its_reason() {
    let whole = encode(GrayImage::new(64, 64), ImageFormat::Png);
    let mut bomb = encode(GrayImage::new(1, 1), ImageFormat::Png);
    // The PNG header's width and height, with a matching checksum, claim 30,000 x 30,000.
    bomb[16..24].copy_from_slice(&[0, 0, 0x75, 0x30, 0, 0, 0x75, 0x30]);
    let checksum = crc32(&bomb[12..29]).to_be_bytes();
    bomb[29..33].copy_from_slice(&checksum);
    for (what, bytes, code) in [
        ("nothing", &b""[..], "empty-file"),
        ("text", b"no picture at all", "bad-image"),
        ("GIF", b"GIF89a\x01\0\x01\0\0\0\0", "unsupported-image"),
        ("BMP", b"BM\x3a\0\0\0\0\0\0\0\x36\0\0\0", "unsupported-image"),
        ("HEIC", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "heic"),
        ("AVIF", b"\0\0\0\x1cftypavif\0\0\0\0", "heic"),
        ("a video", b"\0\0\0\x1cftypisom\0\0\0\0", "bad-image"),
        ("PDF", b"%PDF-1.7\n%\xE2\xE3", "pdf"),
        ("PDF after something", b"\xEF\xBB\xBF\r\n%PDF-1.4\n", "pdf"),
        ("ZIP", b"PK\x03\x04\x14\0\0\0\x08\0", "archive"),
        ("an empty ZIP", b"PK\x05\x06\0\0\0\0", "archive"),
        ("gzip", b"\x1F\x8B\x08\0\0\0", "archive"),
        ("7z", b"7z\xBC\xAF\x27\x1C", "archive"),
        ("RAR", b"Rar!\x1A\x07\x01\0", "archive"),
        ("half a PNG", &whole[..whole.len() / 2], "damaged"),
        ("a PNG's signature", &whole[..8], "bad-image"),
        ("900 megapixels", &bomb, "image-too-large"),
    ] {
        assert_eq!(Picture::decode(bytes).unwrap_err().code(), code, "{what}");
    }
}

/// The checksum of PNG chunks (ISO 3309).
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| {
            (crc >> 1) ^ (0xedb8_8320 & 0u32.wrapping_sub(crc & 1))
        })
    })
}

/// The noise of `tests/golden/opencv.py`.
fn noise(width: u32, height: u32) -> Picture {
    let pixel = |index: u32| {
        let bits = index.wrapping_mul(0x9e37_79b9);
        ((bits ^ (bits >> 15)).wrapping_mul(0x85eb_ca6b) >> 24) as u8
    };
    Picture::from_grey(width, height, (0..width * height).map(pixel).collect()).unwrap()
}

#[test]
fn squares_are_opencvs_to_the_byte() {
    let golden = include_str!("fixtures/opencv.csv").lines().skip(1);
    let cases: Vec<[u32; 4]> = golden
        .map(|line| {
            let mut numbers = line.split(',').map(|number| number.parse().unwrap());
            std::array::from_fn(|_| numbers.next().unwrap())
        })
        .collect();
    assert!(cases.len() > 700);
    for [width, height, size, expected] in cases {
        let (resize, size, mean, std) = (Resize::LongestSidePad, size as usize, 0.0, 1.0);
        let config = ImageConfig { resize, size, crop: size, mean, std };
        let square = Square::new(&noise(width, height), &config);
        assert_eq!(crc32(square.grey.as_raw()), expected, "{width} x {height} to {size}");
    }
}

#[test]
fn extreme_shapes_survive_preprocessing() {
    for (width, height) in
        [(1, 1), (1, 4000), (4000, 1), (7, 300), (256, 256), (255, 257), (300, 100)]
    {
        let picture =
            Picture::from_grey(width, height, vec![100; (width * height) as usize]).unwrap();
        for resize in [Resize::LongestSidePad, Resize::CentreSquare] {
            let config = ImageConfig { resize, size: 256, crop: 224, mean: 0.5, std: 0.5 };
            let square = Square::new(&picture, &config);
            assert_eq!(square.grey.dimensions(), (256, 256), "{width} x {height}");
            let pixels = square.seen(&config).pixels(&config);
            assert_eq!(pixels.len(), 224 * 224);
            assert!(pixels.iter().all(|pixel| pixel.is_finite()));
        }
    }
}

#[test]
fn the_view_maps_the_crop_back_to_the_picture() {
    // A portrait of 512 x 1024: padded, the model sees more than its width; as a square, less.
    let picture = Picture::from_grey(512, 1024, vec![0; 512 * 1024]).unwrap();
    let mut config =
        ImageConfig { resize: Resize::LongestSidePad, size: 256, crop: 224, mean: 0.5, std: 0.5 };
    let view = Square::new(&picture, &config).view(&config);
    assert_eq!((view.x, view.y, view.width, view.height), (-192.0, 64.0, 896.0, 896.0));
    assert_eq!(config.margin(), 0.0625);
    config.resize = Resize::CentreSquare;
    let view = Square::new(&picture, &config).view(&config);
    assert_eq!((view.x, view.y, view.width, view.height), (32.0, 288.0, 448.0, 448.0));
}

#[test]
fn a_dot_is_found_where_the_view_says() {
    // A bright dot, in the crop's coordinates, lies where the view puts it.
    let (width, height) = (900, 700);
    let dot = (500, 300);
    let grey = GrayImage::from_fn(width, height, |x, y| {
        Luma([if x.abs_diff(dot.0) < 6 && y.abs_diff(dot.1) < 6 { 255 } else { 0 }])
    });
    let picture = Picture::from_grey(width, height, grey.into_raw()).unwrap();
    for resize in [Resize::LongestSidePad, Resize::CentreSquare] {
        let config = ImageConfig { resize, size: 256, crop: 224, mean: 0.0, std: 1.0 };
        let square = Square::new(&picture, &config);
        let (pixels, view) = (square.seen(&config).pixels(&config), square.view(&config));
        let brightest = (0..pixels.len()).max_by(|&a, &b| pixels[a].total_cmp(&pixels[b])).unwrap();
        let x = view.x + ((brightest % 224) as f64 + 0.5) / 224.0 * view.width;
        let y = view.y + ((brightest / 224) as f64 + 0.5) / 224.0 * view.height;
        assert!(
            (x - f64::from(dot.0)).abs() < 6.0 && (y - f64::from(dot.1)).abs() < 6.0,
            "{resize:?}: {x}, {y}"
        );
    }
}

#[test]
fn tiff_is_read_in_8_and_16_bits_grey() {
    let grey = GrayImage::from_fn(16, 8, |x, y| Luma([(x * 8 + y * 15) as u8]));
    let bytes = encode(grey.clone(), ImageFormat::Tiff);
    let picture = Picture::decode(&bytes).unwrap();
    assert_eq!((picture.grey(), picture.notes()), (&grey, &[][..]));
    let deep: ImageBuffer<Luma<u16>, _> =
        ImageBuffer::from_fn(16, 8, |x, y| Luma([(x * 200 + y * 150) as u16]));
    let deep = DynamicImage::ImageLuma16(deep);
    let png = Picture::decode(&encode(deep.clone(), ImageFormat::Png)).unwrap();
    let tiff = Picture::decode(&encode(deep, ImageFormat::Tiff)).unwrap();
    assert_eq!((tiff.grey(), tiff.notes()), (png.grey(), png.notes()));
    // Films are archived with white as zero: photometric interpretation (262) 0 in place of 1.
    let mut film = bytes.clone();
    let entry = film.windows(4).position(|tag| tag == [6, 1, 3, 0]).unwrap();
    assert_eq!(film[entry + 8], 1);
    film[entry + 8] = 0;
    let negative = Picture::decode(&film).unwrap();
    assert!(negative.grey().iter().zip(grey.iter()).all(|(film, grey)| *film == 255 - grey));
    for cut in 0..bytes.len() {
        assert!(Picture::decode(&bytes[..cut]).is_err(), "{cut} of {}", bytes.len());
    }
}

/// A TIFF file may begin with a smaller copy of its picture, or have places of 8 bytes (BigTIFF).
#[test]
fn the_picture_of_a_tiff_file_is_found() {
    let grey = GrayImage::from_fn(16, 8, |x, y| Luma([(x * 8 + y * 15) as u8]));
    let mut bytes = encode(grey.clone(), ImageFormat::Tiff);
    let (first, end) = (bytes[4..8].to_vec(), bytes.len() as u32);
    bytes.extend([1, 0, 254, 0, 4, 0, 1, 0, 0, 0, 1, 0, 0, 0]); // one entry: a smaller copy
    bytes.extend(first);
    bytes[4..8].copy_from_slice(&end.to_le_bytes());
    let picture = Picture::decode(&bytes).unwrap();
    assert_eq!((picture.grey(), picture.warnings()), (&grey, vec![]));

    let entries: [(u16, u16, u64); 9] = [
        (256, 3, 16),
        (257, 3, 8),
        (258, 3, 8),
        (259, 3, 1),
        (262, 3, 1),
        (273, 16, 16 + 8 + 9 * 20 + 8),
        (277, 3, 1),
        (278, 3, 8),
        (279, 16, 128),
    ];
    let mut big = b"II+\0\x08\0\0\0\x10\0\0\0\0\0\0\0\x09\0\0\0\0\0\0\0".to_vec();
    for (tag, kind, value) in entries {
        big.extend([tag.to_le_bytes(), kind.to_le_bytes()].concat());
        big.extend([1u64.to_le_bytes(), value.to_le_bytes()].concat());
    }
    big.extend([0; 8]);
    big.extend(grey.as_raw());
    assert_eq!(Picture::decode(&big).unwrap().grey(), &grey);
}

#[test]
fn of_an_animated_webp_file_the_first_picture_is_read_and_the_others_are_told() {
    let frame = |grey: u8| {
        let simple = encode(GrayImage::from_pixel(16, 8, Luma([grey])), ImageFormat::WebP);
        let lies = [&[0; 6][..], &[15, 0, 0, 7, 0, 0], &[100, 0, 0, 0]].concat();
        let body = [&lies, &simple[12..]].concat();
        [b"ANMF", &(body.len() as u32).to_le_bytes()[..], &body].concat()
    };
    let header = b"WEBPVP8X\x0a\0\0\0\x02\0\0\0\x0f\0\0\x07\0\0ANIM\x06\0\0\0\0\0\0\0\0\0";
    let body = [&header[..], &frame(200), &frame(20)].concat();
    let bytes = [b"RIFF", &(body.len() as u32).to_le_bytes()[..], &body].concat();
    let picture = Picture::decode(&bytes).unwrap();
    // Its decoder lays frames over one another, which rounds.
    assert!(picture.grey().iter().all(|grey| grey.abs_diff(200) <= 1));
    assert_eq!(picture.warnings(), [Warning::Frames { count: 2 }]);
}

/// What becomes of files that break off: of no kind and at no place are they scored as if they were whole.
#[test]
fn damaged_pictures_are_refused_or_warned_of() {
    // Noise, so that every part of the picture takes its part of the file.
    let noise = |x: u32, y: u32| (x * 7919 + y * 104_729 + x * y * 31) as u8;
    let grey = GrayImage::from_fn(160, 160, |x, y| Luma([noise(x, y)]));
    let colour = RgbImage::from_fn(160, 160, |x, y| Rgb([noise(x, y), noise(y, x), 90]));
    let share = |bytes: &[u8]| match Picture::decode(bytes) {
        Ok(picture) => match picture.warnings().iter().find(|w| **w != Warning::Coloured) {
            Some(Warning::Damaged { share }) => Some(*share),
            other => panic!("taken as whole: {other:?}"),
        },
        Err(error) => {
            assert!(["damaged", "bad-image"].contains(&error.code()), "{error}");
            None
        }
    };
    for format in [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP] {
        for image in [DynamicImage::from(grey.clone()), colour.clone().into()] {
            let bytes = encode(image, format);
            Picture::decode(&bytes).unwrap();
            for percent in [1, 20, 50, 85, 89] {
                let cut = &bytes[..bytes.len() * percent / 100];
                assert_eq!(share(cut), None, "{format:?}, {percent} %");
            }
            let most = share(&bytes[..bytes.len() * 96 / 100]);
            if format != ImageFormat::WebP {
                let most = most.unwrap();
                assert!((0.9..0.99).contains(&most), "{format:?}: {most}");
            }
        }
    }
    let error = |bytes: &[u8]| Picture::decode(bytes).unwrap_err().to_string();
    // Damaged in its midst: which blocks are right, nobody knows, and what follows lies elsewhere.
    let whole = encode(grey.clone(), ImageFormat::Jpeg);
    let mut refused = 0;
    for at in (whole.len() / 3..whole.len() * 2 / 3).step_by(97) {
        let mut bytes = whole.clone();
        bytes[at..at + 40].fill(0);
        refused +=
            usize::from(Picture::decode(&bytes).is_err_and(|error| error.code() == "damaged"));
    }
    assert!(refused > 30, "{refused}");
    for format in [ImageFormat::Jpeg, ImageFormat::Png] {
        let bytes = encode(grey.clone(), format);
        let said = error(&bytes[..bytes.len() / 2]);
        assert!(said.contains("damaged: 4") || said.contains("damaged: 5"), "{format:?}: {said}");
        // Its last bytes are no part of the picture.
        let picture = Picture::decode(&bytes[..bytes.len() - 2]).unwrap();
        assert_eq!(picture.warnings(), [], "{format:?}");
    }
    for format in [ImageFormat::Tiff, ImageFormat::WebP] {
        let bytes = encode(grey.clone(), format);
        let error = Picture::decode(&bytes[..bytes.len() / 2]).unwrap_err();
        assert_eq!(error.code(), "damaged", "{format:?}");
    }
    let progressive = include_bytes!("fuzz/seeds/picture/progressive.jpg");
    assert_eq!(Picture::decode(progressive).unwrap().warnings(), [Warning::Coloured]);
    for cut in progressive.len() / 2..progressive.len() - 2 {
        assert_eq!(share(&progressive[..cut]), None, "{cut}");
    }
    // The same data, altered in the middle.
    let mut png = encode(grey, ImageFormat::Png);
    let middle = png.len() / 2;
    png[middle] ^= 0xFF;
    assert!(matches!(Picture::decode(&png), Err(Error::Damaged(_))));
}
