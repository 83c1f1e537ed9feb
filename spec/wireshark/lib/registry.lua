-- The numbers of the protocol, from spec/registry.json, in the forms that the dissector looks them up in.
return function(json, path)
    local file = io.open(path, "r") or error("the dissector needs " .. path)
    local source = json(file:read("*a"))
    file:close()

    local function names(list, key)
        local out = {}
        for _, entry in ipairs(list) do out[entry[key]] = entry.name end
        return out
    end

    local function find(list, name)
        for _, entry in ipairs(list) do
            if entry.name == name then return entry end
        end
        error("registry.json has no " .. name)
    end

    local registry = {
        suites = names(source.suites, "code"), patterns = names(source.patterns, "code"), frames = names(source.frames, "code"),
        clear_bytes = {}, errors = {}, flags = {}, flag = {}, messages = {}, methods = {},
        magic = find(source.strings, "magic").text, not_processed = source.notProcessedBit,
        mac1 = find(source.limits, "mac1").value, rekey_interval = find(source.limits, "rekeyInterval").value,
        ports = { find(source.defaults, "coordinatorPort").value, find(source.defaults, "workerPort").value },
    }
    for _, pattern in ipairs(source.patterns) do registry.clear_bytes[pattern.code] = pattern.clearBytes end
    for _, entry in ipairs(source.errors) do registry.errors[entry.code % registry.not_processed] = entry.name end
    for _, flag in ipairs(source.flags) do
        registry.flags[#registry.flags + 1] = { name = flag.name, value = flag.bit }
        registry.flag[flag.name] = flag.bit
    end
    for _, message in ipairs(source.messages) do
        local fields = {}
        for _, field in ipairs(message.fields) do fields[field.type] = field end
        registry.messages[message.name] = fields
    end
    registry.head = registry.messages.Head
    for _, method in ipairs(source.methods) do registry.methods[method.name] = method end
    return registry
end
