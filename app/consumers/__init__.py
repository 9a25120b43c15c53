"""What marketplaces, wallets and indexers demand of a token's JSON and media, as data, and how an answer measures up.

Pure: rules are packaged data (`rules/*.toml`), checks are functions over an `Observation`, and fetching is done by
whoever hands in a fetcher.

    observing.observe(url, fetcher)  ->  Observation  ->  evaluation.evaluate(observation)  ->  Report
    preflight.preflight(document, …) ->  Report        (what our own edge would answer, before anything is live)
"""
