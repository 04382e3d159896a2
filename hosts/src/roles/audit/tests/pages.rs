//! Pages of a trail: how long they are.

use super::*;

/// The numbers of the commits on each page of the whole trail, and what the longest page is as JSON, in bytes.
async fn pages(world: &World, limit: usize) -> (Vec<Vec<u64>>, usize) {
    let (mut pages, mut longest, mut after) = (Vec::new(), 0, Some(AuditPlace::ZERO));
    while let Some(from) = after {
        let page = world.role.page(user(7), from, limit).await.unwrap();
        longest = longest.max(serde_json::to_vec(&page).unwrap().len());
        pages.push(page.items.iter().map(|item| item.sequence.0).collect());
        after = page.next;
    }
    (pages, longest)
}

#[tokio::test]
async fn a_page_of_large_commits_is_short_enough_for_a_message_and_the_next_goes_on_with_the_rest() {
    let world = World::new();
    let large = "x".repeat(100_000);
    for _ in 0..25 {
        world.logs.append(me(), &[task(&large), task("small")]);
    }
    world.deliver(&world.logs.commits(me())).await.unwrap();
    let (pages, longest) = pages(&world, 100).await;
    assert!(longest < 3 << 19, "{longest}");
    assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [20, 20, 10]);
    let commits: Vec<u64> = pages.into_iter().flatten().collect();
    assert!(commits.into_iter().eq((1..=25).flat_map(|commit| [commit, commit])));
}

#[tokio::test]
async fn a_commit_that_is_larger_than_a_page_is_a_page() {
    let world = World::new();
    let larger = "x".repeat(1_500_000);
    for title in ["small", &larger, "small"] {
        world.logs.append(me(), &[task(title)]);
    }
    world.deliver(&world.logs.commits(me())).await.unwrap();
    assert_eq!(pages(&world, 100).await.0, [[1], [2], [3]]);
}
