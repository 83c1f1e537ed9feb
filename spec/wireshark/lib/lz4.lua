-- An LZ4 block, as the LZ4 project's block format describes it. Returns nil for one that does not decode to `size` bytes.
return function(block, size)
    local out, length, at = {}, 0, 1

    local function count(first)
        local total = first
        if first < 15 then return total end
        repeat
            local more = block:byte(at)
            if not more then return nil end
            at, total = at + 1, total + more
        until more < 255
        return total
    end

    while at <= #block do
        local token = block:byte(at)
        at = at + 1
        local literals = count(math.floor(token / 16))
        if not literals or at + literals - 1 > #block or length + literals > size then return nil end
        for index = at, at + literals - 1 do
            length = length + 1
            out[length] = block:sub(index, index)
        end
        at = at + literals
        if at > #block then break end
        local low, high = block:byte(at, at + 1)
        if not high then return nil end
        at = at + 2
        local offset, matched = low + 256 * high, count(token % 16)
        if not matched or offset == 0 or offset > length or length + matched + 4 > size then return nil end
        for _ = 1, matched + 4 do
            length = length + 1
            out[length] = out[length - offset]
        end
    end
    return length == size and table.concat(out) or nil
end
