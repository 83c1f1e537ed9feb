/// Routes that answer `/metrics`: the front that serves them adds what it counts itself.
package protocol ScrapedRoutes: HotRoutes {
    /// What the answer is made of.
    var metrics: MetricSources { get }
}
