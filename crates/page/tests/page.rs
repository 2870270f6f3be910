//! A page as a file: what is in it, what is not, and how large it is.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod support;

use serde_json::Value;
use superpose_page::{Content, Listing, MOST_POINTS};
use support::{NAME, page};

/// The data of a page, read back from its HTML.
fn data(html: &str) -> Value {
    let begun = html.split("id=\"data\">").nth(1).unwrap();
    serde_json::from_str(begun.split("</script>").next().unwrap()).unwrap()
}

#[test]
fn the_data_is_read_back_with_every_column_and_its_meaning() {
    let page = page(12);
    let data = data(&page.to_html().unwrap());
    assert_eq!(data["title"], NAME);
    let (stored, table) = (&data["tables"]["results"], &page.sources[0].table);
    assert_eq!((&stored["rows"], &stored["file"]), (&12.into(), &"results.csv".into()));
    let columns = stored["columns"].as_array().unwrap();
    assert_eq!(columns.len(), table.columns.len());
    for (stored, column) in columns.iter().zip(&table.columns) {
        assert_eq!((stored["name"].as_str(), stored["meaning"].as_str()), {
            (Some(column.name.as_str()), Some(column.meaning.as_str()))
        });
        let values = stored["numbers"].as_array().or(stored["words"].as_array()).unwrap();
        assert!(!values.is_empty(), "{}", column.name);
    }
    let losses: Vec<f64> = serde_json::from_value(columns[5]["numbers"].clone()).unwrap();
    assert_eq!(losses, table.numbers("loss.test").unwrap(), "to the last digit");
}

#[test]
fn foreign_text_is_text() {
    let html = page(3).to_html().unwrap();
    // Of scripts there are the data, plotly and ours, and what would end one ends one.
    assert_eq!(html.matches("</script>").count(), 3);
    for foreign in ["<script>alert", "</script><b>", "<i>cpu", "<summed>", "\u{2028}</h1>"] {
        assert!(!html.contains(foreign) || foreign.starts_with('\u{2028}'), "{foreign}");
    }
    assert!(html.contains("<h1>&lt;script&gt;alert(1)&lt;/script&gt; &amp; &quot;x&quot; &#39;"));
    assert!(html.contains("href=\"./figures/a%20picture%3F.svg\""));
}

#[test]
fn a_thousand_cells_make_less_than_six_megabytes() {
    let html = page(1000).to_html().unwrap();
    assert!(html.len() < 6_000_000, "{} bytes", html.len());
    let data = data(&html);
    let lines = data["parts"][2]["lines"]["lines"].as_array().unwrap();
    let n_points: usize = lines.iter().map(|line| line[2].as_array().unwrap().len()).sum();
    assert_eq!((lines.len(), n_points), (1000, MOST_POINTS));
}

#[test]
fn nothing_is_fetched() {
    let html = page(3).to_html().unwrap();
    let policy = html.split("Content-Security-Policy\" content=\"").nth(1).unwrap();
    let policy = policy.split('"').next().unwrap();
    assert!(policy.starts_with("default-src 'none'; script-src 'sha256-"), "{policy}");
    assert!(!policy.contains("http") && !policy.contains("script-src 'unsafe"), "{policy}");
    for ours in [
        include_str!("../assets/common.js"),
        include_str!("../assets/table.js"),
        include_str!("../assets/chart.js"),
        include_str!("../assets/page.js"),
        include_str!("../assets/page.css"),
    ] {
        for word in
            ["http://", "https://", "import ", "fetch(", "@import", "url(", "innerHTML", "eval("]
        {
            assert!(!ours.contains(word), "{word}");
        }
    }
    for place in ["src=\"http", "href=\"http", "<link", "<iframe"] {
        let ours = html.split("plotly.js (basic").next().unwrap();
        assert!(!ours.contains(place), "{place}");
    }
}

#[test]
fn a_page_without_a_chart_has_no_plotly() {
    let mut page = page(3);
    page.sections.retain(|section| !matches!(section.content, Content::Chart(_)));
    let html = page.to_html().unwrap();
    assert!(html.len() < 100_000, "{} bytes", html.len());
}

#[test]
fn a_table_or_column_that_is_not_there_is_named() {
    let mut wrong = page(3);
    wrong.sections[1].content = Content::Listing(Listing::whole("result"));
    let said = wrong.to_html().unwrap_err().to_string();
    assert!(said.contains("`result`") && said.contains("results"), "{said}");
    let mut wrong = page(3);
    let Content::Chart(chart) = &mut wrong.sections[0].content else { panic!("a chart") };
    chart.swept.push("train.seeds".to_owned());
    let said = wrong.to_html().unwrap_err().to_string();
    assert!(said.contains("`train.seeds`"), "{said}");
}
