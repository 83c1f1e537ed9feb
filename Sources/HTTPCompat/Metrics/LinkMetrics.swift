package import Transport

extension LinkStatistics {
    /// Writes what the links of a node have carried.
    package func write(to text: inout PrometheusText) {
        text.single("wiremesh_links", .gauge, help: "Links that stand.", links)
        text.single("wiremesh_links_established_total", .counter, help: "Links that were established, in either direction.", established)
        text.single("wiremesh_link_received_bytes_total", .counter, help: "Bytes of records that came over links.", receivedBytes)
        text.single("wiremesh_link_sent_bytes_total", .counter, help: "Bytes of records that went over links.", sentBytes)
    }
}
