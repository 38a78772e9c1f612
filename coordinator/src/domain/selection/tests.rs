#![allow(clippy::unwrap_used, reason = "a test may panic")]
use super::*;
use proptest::prelude::*;

fn labels(pairs: &[(&str, &str)]) -> Labels {
    pairs.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect()
}

fn selected(text: &str, pairs: &[(&str, &str)]) -> bool {
    let expressions = syntax::parse("labelSelector", text).unwrap_or_else(|error| panic!("{text:?}: {error}"));
    expressions.iter().all(|wanted| wanted.matches(&labels(pairs)))
}

fn rule(text: &str) -> String {
    let invalid = syntax::parse("labelSelector", text).unwrap_err();
    assert_eq!(invalid.field, "labelSelector", "{text:?}");
    invalid.rule
}

/// The cases of Kubernetes' own tests of its parser that concern the operators that are supported here.
#[test]
fn kubernetes_syntax_is_read() {
    for good in [
        "",
        " ",
        "x=a,y=b,z=c",
        "x!=a,y=b",
        "x=",
        "x= ",
        "x=,z= ",
        "x= ,z= ",
        "!x",
        "! x",
        "x==a",
        "in",
        "in in (in)",
        "x in (a,b)",
        "x in ( a , b )",
        "x notin (a)",
        "x in ()",
        "x in (,)",
        "x notin (abc,,def),bar,z in (),w",
        "x,y in (a)",
        "kubernetes.io/arch in (amd64,arm64)",
        "key=notin",
        "x=in,y",
    ] {
        assert!(syntax::parse("labelSelector", good).is_ok(), "{good:?}");
    }
    for bad in [
        "x=a||y=b",
        "x==a==b",
        "!x=a",
        "x<a",
        "x>1",
        ",",
        "x,",
        ",x",
        "x,,y",
        "x in a",
        "x in (a",
        "x in (a b)",
        "x in a)",
        "(",
        "x y",
        "=a",
        "x notin",
        "!",
        "x in (a))",
        "-x",
        "x=-",
        "a/b/c",
        "x in (ü)",
    ] {
        rule(bad);
    }
    assert!(rule("x>1").contains("not supported"));
    assert!(rule(&"x".repeat(syntax::MAX_TEXT + 1)).contains("at most 4096 bytes"));
}

#[test]
fn each_operator_means_what_it_means_in_kubernetes() {
    let gpu = [("pool", "gpu"), ("zone", "a"), ("empty", "")];
    for (text, expected) in [
        ("pool in (gpu,cpu)", true),
        ("pool in (cpu)", false),
        ("other in (cpu)", false),
        ("pool notin (cpu)", true),
        ("pool notin (gpu)", false),
        ("other notin (gpu)", true),
        ("pool!=gpu", false),
        ("other!=gpu", true),
        ("pool", true),
        ("other", false),
        ("!other", true),
        ("!pool", false),
        ("empty=", true),
        ("other=", false),
        ("empty in ()", true),
        ("pool=gpu,zone=a", true),
        ("pool=gpu,zone=b", false),
        ("pool in (gpu,cpu),!spot", true),
        ("pool=a,pool=b", false),
    ] {
        assert_eq!(selected(text, &gpu), expected, "{text}");
    }
}

fn names_of(request: SelectionRequest, known: &[&str]) -> Result<Vec<String>, Invalid> {
    let names: Vec<NodeName> = known.iter().map(|name| NodeName::parse(name).unwrap()).collect();
    let platforms = ["amd64", "arm64"].map(|architecture| Platform {
        os: "linux".into(),
        architecture: architecture.into(),
        variant: String::new(),
    });
    let all_labels = [labels(&[("pool", "gpu")]), labels(&[("pool", "cpu"), ("spot", "")])];
    let known: Vec<Candidate<'_>> = names
        .iter()
        .enumerate()
        .map(|(index, name)| Candidate {
            name,
            labels: &all_labels[index % 2],
            platform: &platforms[index % 2],
        })
        .collect();
    let chosen = request.check()?.choose(&known)?;
    Ok(chosen.into_iter().map(ToString::to_string).collect())
}

fn asked(change: impl FnOnce(&mut SelectionRequest)) -> SelectionRequest {
    let mut request = SelectionRequest::default();
    change(&mut request);
    request
}

#[test]
fn all_conditions_hold_at_once() {
    let known = ["n0", "n1", "n2", "n3"];
    let chosen = |change: fn(&mut SelectionRequest)| names_of(asked(change), &known).unwrap();
    assert_eq!(chosen(|_| {}), known);
    assert_eq!(
        chosen(|r| r.label_selector = Some("pool in (gpu),!spot".into())),
        ["n0", "n2"]
    );
    assert_eq!(chosen(|r| r.platform = Some("linux/arm64".into())), ["n1", "n3"]);
    assert_eq!(
        chosen(|r| r.exclude_nodes = vec!["n3".into(), "gone".into()]),
        ["n0", "n1", "n2"]
    );
    assert_eq!(chosen(|r| r.node_names = vec!["n3".into(), "n0".into()]), ["n0", "n3"]);
    assert_eq!(
        chosen(|r| {
            r.node_names = vec!["n0".into(), "n1".into(), "n2".into()];
            r.exclude_nodes = vec!["n2".into()];
            r.node_selector = [("pool".into(), "gpu".into())].into();
        }),
        ["n0"]
    );
}

#[test]
fn nothing_and_unknown_names_are_refused_by_name() {
    let refused = |change: fn(&mut SelectionRequest)| names_of(asked(change), &["n0", "n1"]).unwrap_err().to_string();
    assert_eq!(
        refused(|r| r.label_selector = Some("pool=none".into())),
        "nodeSelector: matches none of 2 nodes"
    );
    assert_eq!(
        refused(|r| r.node_names = vec!["n0".into(), "n7".into()]),
        "nodeNames: \"n7\" is not a known node"
    );
    assert!(refused(|r| r.node_names = vec!["N".into()]).starts_with("nodeNames[0]: \"N\" must be"));
    assert!(
        refused(|r| r.node_names = vec!["n0".into(), "n0".into()]).starts_with("nodeNames[1]: \"n0\" stands twice")
    );
    assert!(refused(|r| r.exclude_nodes = vec!["N".into()]).starts_with("excludeNodes[0]: "));
    for bad in ["0", "0%", "101%", "x", ""] {
        let request = asked(|r| r.max_nodes = Some(bad.into()));
        assert_eq!(request.check().unwrap_err().field, "maxNodes", "{bad:?}");
    }
    for bad in ["", "linux", "linux/", "linux/amd64/v8/x", "Linux/amd64", "linux/amd 64"] {
        let request = asked(|r| r.platform = Some(bad.into()));
        assert_eq!(request.check().unwrap_err().field, "platform", "{bad:?}");
    }
}

#[test]
fn a_share_of_the_matches_is_the_same_every_time_and_grows_without_changing() {
    let names: Vec<String> = (0..40).map(|n| format!("node-{n}")).collect();
    let known: Vec<&str> = names.iter().map(String::as_str).collect();
    let share = |text: &str| names_of(asked(|r| r.max_nodes = Some(text.into())), &known).unwrap();
    assert_eq!(share("10%").len(), 4);
    assert_eq!(share("10%"), share("4"));
    let (few, more) = (share("10%"), share("25%"));
    assert!(few.iter().all(|name| more.contains(name)) && more.len() == 10);
    assert_eq!(share("100%"), share("100000"));
    // Percentages count the matches, not the cluster.
    let half = asked(|r| {
        r.max_nodes = Some("50%".into());
        r.label_selector = Some("pool=gpu".into());
    });
    assert_eq!(names_of(half, &known).unwrap().len(), 10);
}

#[test]
fn expressions_are_checked_field_by_field() {
    let refused = |key: &str, operator: &str, values: &[&str]| {
        let request = ExpressionRequest {
            key: key.into(),
            operator: operator.into(),
            values: values.iter().map(|value| (*value).to_owned()).collect(),
        };
        request.check("nodeExpressions[3]").unwrap_err().field
    };
    assert_eq!(refused("a", "in", &["b"]), "nodeExpressions[3].operator");
    assert_eq!(refused("a", "Gt", &["1"]), "nodeExpressions[3].operator");
    assert_eq!(refused("-a", "Exists", &[]), "nodeExpressions[3].key");
    assert_eq!(refused("a", "In", &[]), "nodeExpressions[3].values");
    assert_eq!(refused("a", "Exists", &["b"]), "nodeExpressions[3].values");
    assert_eq!(refused("a", "In", &["b", "c d"]), "nodeExpressions[3].values[1]");
    assert_eq!(
        refused("a", "In", &["b"; expression::MAX_VALUES + 1]),
        "nodeExpressions[3].values"
    );
    let too_many = asked(|r| r.label_selector = Some(vec!["a"; MAX_EXPRESSIONS + 1].join(",")));
    assert_eq!(too_many.check().unwrap_err().field, "nodeExpressions");
}

#[test]
fn a_selection_that_an_older_program_saved_is_read() {
    let saved: Selection = serde_json::from_str(r#"{"node_selector":{"pool":"gpu"}}"#).unwrap();
    assert_eq!(saved.node_selector.labels()["pool"], "gpu");
    assert_eq!(
        serde_json::to_string(&saved).unwrap(),
        r#"{"node_selector":{"pool":"gpu"}}"#
    );
}

proptest! {
    #[test]
    fn parsing_never_panics(text in "\\PC{0,60}") {
        let _ = syntax::parse("labelSelector", &text);
    }

    #[test]
    fn texts_of_the_grammar_are_written_as_they_were_read(text in "(!?[a-z]{1,3}|[a-z]{1,3}(=|!=)[a-z]{0,3}|[a-z]{1,3} (in|notin) \\([a-m]{1,3},[n-z]{1,3}\\))(,[a-z]{1,3}){0,3}") {
        let read = syntax::parse("labelSelector", &text).unwrap();
        let selection = Selection { node_expressions: read.clone(), ..Selection::default() };
        prop_assert_eq!(&selection.label_selector(), &text);
        prop_assert_eq!(syntax::parse("labelSelector", &selection.label_selector()).unwrap(), read);
    }
}
