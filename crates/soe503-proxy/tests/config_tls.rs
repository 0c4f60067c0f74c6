//! What is wrong with certificates and keys, and how that is told.

#[path = "config_tls/admin.rs"]
mod admin;

use std::fs;
use std::path::Path;

use rcgen::{CertificateParams, KeyPair, date_time_ymd};
use soe503_proxy::config::{Config, Report, load};
use tempfile::TempDir;

/// A directory with a certificate for `shop.example` and the config that names it.
struct Scene(TempDir);

impl Scene {
    fn new() -> Self {
        let scene = Self(TempDir::new().unwrap());
        let (cert, key) = made(|_| {});
        scene.write("cert.pem", &cert);
        scene.write("key.pem", &key);
        scene
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        fs::write(self.path().join(name), text).unwrap();
    }

    fn read(&self, more: &str, backends: &str, pool: &str) -> Result<Config, Report> {
        let text = format!(
            "[[listeners]]\naddress = \"127.0.0.1:8443\"\n\
             tls = {{ certificates = [{{ cert = \"cert.pem\", key = \"key.pem\" }}]{more} }}\n\
             [[routes]]\npool = \"app\"\n[pools.app]\nbackends = [\"{backends}\"]\n{pool}\n"
        );
        self.write("soe503.toml", text);
        load(&self.path().join("soe503.toml"))
    }

    /// The one problem of the config: where it is, its title, and the whole report.
    fn problem(&self, more: &str, pool: &str) -> (usize, usize, String, String) {
        let report = self.read(more, "https://127.0.0.1:9", pool).unwrap_err();
        let [problem] = report.problems() else {
            panic!("{report}");
        };
        let (line, column) = report.position(problem).unwrap();
        (line, column, problem.title().to_owned(), report.to_string())
    }
}

/// A certificate and its key, in PEM.
fn made(change: impl Fn(&mut CertificateParams)) -> (String, String) {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(vec!["shop.example".into()]).unwrap();
    change(&mut params);
    (params.self_signed(&key).unwrap().pem(), key.serialize_pem())
}

const POOL: &str = "tls = { verify = false }";
/// Where the names of the two files stand in the config.
const CERT: (usize, usize) = (3, 34);
const KEY: (usize, usize) = (3, 52);

#[test]
fn a_certificate_with_its_key_is_fine() {
    let config = Scene::new().read("", "http://127.0.0.1:9", "").unwrap();
    assert!(config.warnings.is_none());
    assert!(config.listeners[0].tls.is_some());
    assert!(config.pools[0].tls.is_none(), "no backend is https");
}

#[test]
fn each_mistake_is_told_at_its_file() {
    let (other, other_key) = made(|_| {});
    let (ca, _) = made(|_| {});
    let encrypted =
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIB\n-----END ENCRYPTED PRIVATE KEY-----\n";
    // A key on a curve that nobody uses for TLS (secp224r1).
    let odd = "-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n";
    type Do<'a> = &'a dyn Fn(&Scene);
    let rows: [(Do<'_>, (usize, usize), &str); 9] = [
        (
            &|s| fs::remove_file(s.path().join("cert.pem")).unwrap(),
            CERT,
            "No such file",
        ),
        (
            &|s| {
                fs::remove_file(s.path().join("cert.pem")).unwrap();
                fs::create_dir(s.path().join("cert.pem")).unwrap();
            },
            CERT,
            "directory",
        ),
        (
            &|s| s.write("cert.pem", "hello"),
            CERT,
            "no certificate in this file",
        ),
        (
            &|s| s.write("cert.pem", &other_key),
            CERT,
            "found a private key",
        ),
        (
            &|s| s.write("cert.pem", [0x30, 0x82, 1, 2]),
            CERT,
            "found DER",
        ),
        (&|s| s.write("key.pem", &ca), KEY, "found a certificate"),
        (
            &|s| s.write("key.pem", encrypted),
            KEY,
            "encrypted with a passphrase",
        ),
        (&|s| s.write("key.pem", odd), KEY, "P-256, P-384"),
        (
            &|s| s.write("key.pem", &other_key),
            KEY,
            "is not the key of the certificate",
        ),
    ];
    for (spoil, place, said) in rows {
        let scene = Scene::new();
        spoil(&scene);
        let (line, column, title, report) = scene.problem("", POOL);
        assert_eq!((line, column), place, "{report}");
        assert!(title.ends_with("cannot be used"), "{title}");
        assert!(report.contains(said), "no {said:?} in {report}");
    }
    // The server's own certificate comes first.
    let scene = Scene::new();
    let own = fs::read_to_string(scene.path().join("cert.pem")).unwrap();
    scene.write("cert.pem", format!("{other}{own}"));
    let (.., report) = scene.problem("", POOL);
    assert!(report.contains("certificate number 2"), "{report}");
}

#[test]
fn authorities_and_client_certificates_too() {
    let scene = Scene::new();
    scene.write("empty.pem", "");
    let (_, _, title, report) = scene.problem(", client_auth = { ca = \"empty.pem\" }", POOL);
    assert_eq!(title, "`ca` cannot be used", "{report}");
    let (line, _, title, report) = scene.problem("", "tls = { ca = \"none.pem\" }");
    assert_eq!((line, &*title), (8, "`ca` cannot be used"), "{report}");
    let pair = "tls = { verify = false, client_cert = \"cert.pem\", client_key = \"empty.pem\" }";
    let (_, _, title, report) = scene.problem("", pair);
    assert_eq!(title, "`client_key` cannot be used", "{report}");
}

#[test]
fn doubtful_things_are_told_and_used() {
    let scene = Scene::new();
    let (cert, key) = made(|params| params.not_after = date_time_ymd(2001, 2, 3));
    scene.write("cert.pem", cert);
    scene.write("key.pem", key);
    let config = scene.read("", "https://127.0.0.1:9", POOL).unwrap();
    let warnings = config.warnings.unwrap();
    let text = warnings.to_string();
    assert_eq!(warnings.problems().len(), 2, "{text}");
    assert_eq!(warnings.position(&warnings.problems()[0]), Some(CERT));
    for said in [
        "expired on 2001-02-03",
        "not verified",
        "used all the same",
        "warning",
    ] {
        assert!(text.contains(said), "no {said:?} in {text}");
    }
    let (cert, key) = made(|params| params.not_before = date_time_ymd(2999, 1, 1));
    scene.write("cert.pem", cert);
    scene.write("key.pem", key);
    let config = scene.read("", "http://127.0.0.1:9", POOL).unwrap();
    let text = config.warnings.unwrap().to_string();
    assert!(text.contains("not valid before 2999-01-01"), "{text}");
    assert!(text.contains("`tls` does nothing here"), "{text}");
}
