//! What the server says of itself.

use reqwest::Method;
use serde_json::json;

use crate::support::{Server, client::send};

#[tokio::test]
async fn every_operation_of_the_document_is_there_and_wants_a_token_where_it_says_so() {
    let server = Server::start().await;
    let document = server.anonymous().get("/openapi.json").await;
    assert_eq!(
        (document.status, document.header("content-type")),
        (200, "application/json")
    );
    for (path, operations) in document.body["paths"].as_object().unwrap() {
        let path = path.replace("{id}", "018f2a6e-0000-7000-8000-000000000000");
        for (method, operation) in operations.as_object().unwrap() {
            let method: Method = method.to_uppercase().parse().unwrap();
            let answer = send(server.anonymous().request(method.clone(), &path)).await;
            let is_anonymous = operation["security"]
                .as_array()
                .unwrap()
                .iter()
                .any(|needed| needed["token"].is_null());
            let expected = if is_anonymous {
                (415, "unsupported_media_type")
            } else {
                (401, "unauthorised")
            };
            assert_eq!(answer.problem(), expected, "{method} {path}");
            assert!(
                operation["responses"][answer.status.to_string()].is_object(),
                "{method} {path}"
            );
        }
    }
}

#[tokio::test]
async fn no_operation_takes_a_query_parameter_that_it_does_not_have() {
    let server = Server::start().await;
    let ann = server.register("ann").await;
    let document = server.anonymous().get("/openapi.json").await;
    for (path, operations) in document.body["paths"].as_object().unwrap() {
        let path = path.replace("{id}", "018f2a6e-0000-7000-8000-000000000000");
        for (method, operation) in operations.as_object().unwrap() {
            let method: Method = method.to_uppercase().parse().unwrap();
            let answer = send(ann.request(method.clone(), &format!("{path}?colour=red"))).await;
            let problem = (answer.problem(), &answer.body["field"]);
            assert_eq!(problem, ((400, "bad_request"), &json!("colour")), "{method} {path}");
            assert!(operation["responses"]["400"].is_object(), "{method} {path}");
        }
    }
    assert_eq!(ann.get("/v1/me").await.status, 200, "nothing was done");
}

#[tokio::test]
async fn the_pages_that_answers_point_to_are_there() {
    let server = Server::start().await;
    let problem = server.anonymous().get("/v1/nothing").await;
    let link = problem.body["type"].as_str().unwrap();
    let (page, section) = link.split_once('#').unwrap();
    let errors = server.anonymous().get(page).await;
    assert!(errors.text.contains(&format!("\n## {section}\n")), "{}", errors.text);
    let browser = server.anonymous().get("/docs/").await;
    assert_eq!(browser.status, 200);
    assert!(browser.header("content-type").starts_with("text/html"));
}

#[tokio::test]
async fn the_address_of_the_server_leads_to_the_documentation() {
    let server = Server::start().await;
    let page = server.anonymous().get("/").await;
    assert_eq!(page.status, 200);
    assert!(page.header("content-type").starts_with("text/html"));
}

#[tokio::test]
async fn a_page_of_the_documentation_that_is_not_there_is_a_problem_too() {
    let server = Server::start().await;
    let answer = server.anonymous().get("/docs/..%2f..%2fetc%2fpasswd").await;
    assert_eq!(answer.problem(), (404, "not_found"));
}
