/// Honest inputs to begin with.
enum HTTPSeeds {
    static let json = [
        #"{"a":[1,-2.5e3,true,null,"\u00e9\ud83d\ude00\n"],"b":{}}"#, "[[[[1]]]]", #""text""#, "9223372036854775808",
    ].map { Array($0.utf8) }

    static let files =
        [0, 0, 1, 2].enumerated().map { [$0.element] + Array(contents[$0.offset].utf8) }

    private static let contents: [String] = [
        #"{"llm":{"tier":1,"requires":"gpu","priority":1,"port":8105},"db":{"tier":3,"requires":"storage","priority":2,"port":6379}}"#,
        #"{"a":{"tier":9}}"#,
        #"{"vectors":[{"protocol_name":"Noise_IK_25519_ChaChaPoly_SHA256","init_prologue":"00","init_static":"#
            + "\"\(key)\",\"init_ephemeral\":\"\(key)\",\"init_remote_static\":\"\(key)\","
            + "\"resp_static\":\"\(key)\",\"resp_ephemeral\":\"\(key)\","
            + #""messages":[{"payload":"00","ciphertext":"00"},{"payload":"","ciphertext":""}]}]}"#,
        "# tokens\n0123456789abcdef0123456789abcdef\n",
    ]
    private static let key = String(repeating: "e61ef9919cde45dd5f82166404bd08e3", count: 2)

    static let registrations = [
        #"{"worker_id":"w","tunnel_url":"http://10.0.0.1:80","capabilities":{"has_gpu":true,"n":1.5,"x":[1]},"services":[{"name":"a"}],"#
            + #""containers":[{"id":1}],"vpn_ip":"10.1.1.1","region":"eu","zone":"a"}"# + "\n"
            + #"{"worker_id":"w","status":"busy","current_load":0.5,"available_memory":12,"loaded_models":["m"],"active_requests":3,"#
            + #""gpu_utilization":0.9,"services_status":{"a":"unhealthy"},"specialization":"x"}"#
    ].map { Array($0.utf8) }

    static let answers = [
        #"{"service":"a","workers":[{"worker_id":"w","tunnel_url":"http://x","load":0.5,"location":{"region":"eu"}}],"total":3}"#,
        #"{"name":"a","healthy_workers":2,"tier":1,"requires":"gpu"}"#, #"{"latency_ms":1.25}"#,
        #"{"worker_id":"w","status":"online","is_healthy":true,"assigned_services":["a"],"#
            + #""current_load":1,"age_seconds":2,"reachable":true}"#,
    ].map { Array($0.utf8) }

    static let requests = [
        "\u{0}POST /service/demo/v1/x?y=%20z\nhost: localhost:80\nconnection: close, x-a\nx-a: 1\n"
            + "wiremesh-timeout: 30s\ntraceparent: 00-1\n",
        "\u{1}GET http://a/service/demo HTTP/1.0\nhost: a\norigin: http://page.example\nwiremesh-hops: 3\n"
            + "authorization: Bearer x\n",
        "\u{0}OPTIONS /service/demo\nhost: [::1]:80\norigin: http://other\naccess-control-request-method: POST\n",
    ].map { Array($0.utf8) }

    static let texts = [
        "http://10.0.0.1:8000/base", "https://[::1]:443", "http://name.example", "500ms", "1h", "a%20b%C3%A9+c", "region=eu&x=%zz",
        "http://a, http://b/", "localhost", "::ffff:127.0.0.1", "169.254.1.1",
    ].map { Array($0.utf8) }
}
