-- Keep-alive requests for the URLs of a list, in the order of a list of indexes; the numbers as one line at the end.
-- Arguments: file of "path etag" lines, file of 1-based indexes into it, "200" or "304".
local requests, order, at = {}, {}, 0

function init(args)
  for line in io.lines(args[1]) do
    local path, etag = line:match("^(%S+) (%S+)$")
    local headers = { ["Host"] = wrk.host }
    if args[3] == "304" then headers["If-None-Match"] = etag end
    requests[#requests + 1] = wrk.format("GET", path, headers)
  end
  for line in io.lines(args[2]) do order[#order + 1] = tonumber(line) end
end

function request()
  at = at % #order + 1
  return requests[order[at]]
end

function done(summary, latency, _)
  local errors = summary.errors
  print(string.format(
    'RESULT {"requests": %d, "micros": %d, "p50": %d, "p99": %d, "errors": %d}',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
