-- wrk's side of the load: sends the requests of a file one after another, and prints the figures as one line of JSON.
local file
local again

function init(args)
  file = assert(io.open(args[1], "rb"))
  again = args[2] == "again"
end

function request()
  local length = file:read(6)
  if not length and again then
    file:seek("set")
    length = file:read(6)
  end
  if not length then
    -- A repeated request would be a duplicate, which costs the service less than a new message.
    io.stderr:write("the file of requests ran out\n")
    os.exit(3)
  end
  return file:read(tonumber(length))
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '\nRESULT {"requests":%d,"seconds":%.6f,"refused":%d,"unconnected":%d,"broken":%d,"late":%d,"p50_ms":%.3f,"p99_ms":%.3f,"p999_ms":%.3f,"max_ms":%.3f}\n',
    summary.requests, summary.duration / 1e6, errors.status,
    errors.connect, errors.read + errors.write, errors.timeout,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3, latency:percentile(99.9) / 1e3, latency.max / 1e3))
end
