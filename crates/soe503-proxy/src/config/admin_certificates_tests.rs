use super::*;

/// A certificate whose alternative names are these, each as it is written in the file, and whose common name is `ada`.
fn certificate(names: &[&str]) -> Certificate {
    let mut certificate = Certificate {
        subject: "CN=ada".into(),
        common_name: Some("ada".into()),
        names: Vec::new(),
        addresses: Vec::new(),
        uris: Vec::new(),
        emails: Vec::new(),
        not_before: 0,
        not_after: 0,
    };
    for name in names {
        let name = (*name).to_owned();
        match ClientName::parse(&name).unwrap() {
            ClientName::Uri(_) => certificate.uris.push(name),
            ClientName::Email(_) => certificate.emails.push(name),
            ClientName::Ip(ip) => {
                certificate.addresses.push(ip);
                certificate.names.push(ip.to_string());
            }
            _ => certificate.names.push(name),
        }
    }
    certificate
}

fn names(names: &[&str]) -> Vec<ClientName> {
    let parsed = names.iter().map(|name| ClientName::parse(name));
    parsed.collect::<Result<_, _>>().unwrap()
}

/// The role of a certificate, and the name that it is for.
fn role(
    roles: &AdminCertificates,
    certificate: &Certificate,
) -> Option<(AdminRole, Option<String>)> {
    let names = ClientName::all_of(certificate);
    let (role, name) = roles.role_of(&names)?;
    Some((role, name.map(ToString::to_string)))
}

/// The names in a certificate; its role, and the name that it is for.
type Row = (&'static [&'static str], Option<(AdminRole, &'static str)>);

#[test]
fn a_certificate_has_the_role_that_one_of_its_names_is_given() {
    let roles = AdminCertificates::new(
        names(&[
            "spiffe://example.org/ops",
            "Ada@Example.org",
            "ops.example.org",
            "192.0.2.1",
            "CN=ada",
        ]),
        Some(names(&["spiffe://example.org/monitoring", "2001:db8::1"])),
    );
    let (operator, reader) = (AdminRole::Operator, AdminRole::Reader);
    let rows: [Row; 18] = [
        (
            &["spiffe://example.org/ops"],
            Some((operator, "spiffe://example.org/ops")),
        ),
        (&["spiffe://example.org/ops/more"], None),
        (&["spiffe://example.org/op"], None),
        (&["spiffe://example.org/OPS"], None),
        (&["Ada@EXAMPLE.ORG"], Some((operator, "Ada@example.org"))),
        // What is before the @ is the mail server's affair.
        (&["ada@example.org"], None),
        (&["OPS.example.org"], Some((operator, "ops.example.org"))),
        (&["more.ops.example.org"], None),
        (&["example.org"], None),
        (&["192.0.2.1"], Some((operator, "192.0.2.1"))),
        (&["192.0.2.2"], None),
        (&["2001:db8:0::1"], Some((reader, "2001:db8::1"))),
        (
            &["spiffe://example.org/monitoring"],
            Some((reader, "spiffe://example.org/monitoring")),
        ),
        // The greater of two.
        (
            &["spiffe://example.org/monitoring", "ops.example.org"],
            Some((operator, "ops.example.org")),
        ),
        (
            &["nobody.example.org", "ops.example.org"],
            Some((operator, "ops.example.org")),
        ),
        // A common name counts where there is nothing else.
        (&[], Some((operator, "CN=ada"))),
        (&["ada"], None),
        (&["nobody.example.org"], None),
    ];
    for (shown, expected) in rows {
        let expected = expected.map(|(role, name)| (role, Some(name.to_owned())));
        assert_eq!(role(&roles, &certificate(shown)), expected, "{shown:?}");
    }
}

#[test]
fn without_readers_whoever_has_a_certificate_may_look() {
    let roles = AdminCertificates::new(names(&["ops.example.org"]), None);
    let reader = Some((AdminRole::Reader, None));
    assert_eq!(role(&roles, &certificate(&["a.example.org"])), reader);
    assert_eq!(role(&roles, &certificate(&[])), reader);
    let nobody = AdminCertificates::new([], Some(Vec::new()));
    assert_eq!(role(&nobody, &certificate(&["ops.example.org"])), None);
}

#[test]
fn a_name_of_one_kind_is_not_one_of_another() {
    let mut shown = certificate(&[]);
    shown.names = vec![
        "ops@example.org".into(),
        "spiffe://example.org/ops".into(),
        "192.0.2.1".into(),
    ];
    let roles = AdminCertificates::new(
        names(&[
            "ops@example.org",
            "spiffe://example.org/ops",
            "192.0.2.1",
            "CN=ada",
        ]),
        Some(Vec::new()),
    );
    assert_eq!(
        role(&roles, &shown),
        None,
        "DNS names that look like others"
    );
    shown.names = vec!["192.0.2.1".into()];
    assert_eq!(role(&roles, &shown), None, "and no common name beside one");
    let mut shown = certificate(&[]);
    shown.common_name = Some("ops@example.org".into());
    assert_eq!(role(&roles, &shown), None, "a common name that does");
    shown.common_name = None;
    assert_eq!(role(&roles, &shown), None, "no name at all");
}

#[test]
fn names_are_written_in_one_way() {
    for (text, written) in [
        ("spiffe://example.org/ns/ops", "spiffe://example.org/ns/ops"),
        ("urn:example:ops", "urn:example:ops"),
        ("ops@Example.ORG", "ops@example.org"),
        ("Ops.Example.ORG", "ops.example.org"),
        ("edge_1", "edge_1"),
        ("2001:DB8::1", "2001:db8::1"),
        ("CN=Ada Lovelace", "CN=Ada Lovelace"),
        ("CN=*", "CN=*"),
    ] {
        assert_eq!(ClientName::parse(text).unwrap().to_string(), written);
    }
    for (text, said) in [
        ("", "not a URI"),
        ("CN=", "no name follows"),
        ("Ada Lovelace", "not a URI"),
        ("*.example.org", "compared whole"),
        ("spiffe://example.org/*", "compared whole"),
        ("spiffe://example.org/a b", "not a URI"),
        (":ops", "not a URI"),
        ("ops:", "not a URI"),
        ("@example.org", "not a mail address"),
        ("ops@", "not a mail address"),
        ("a..b", "not a URI"),
    ] {
        let bad = ClientName::parse(text).unwrap_err();
        assert!(bad.what.contains(said), "{text:?}: {bad:?}");
    }
    let bad = ClientName::parse("Ada Lovelace").unwrap_err();
    assert!(bad.help.contains("\"CN=Ada Lovelace\""), "{bad:?}");
}
