// SPDX-License-Identifier: Apache-2.0

/// A diagram as SVG, readable on a dark and on a light page.
struct VectorImage: CustomStringConvertible {
    private static let (width, gap, margin, line, head) = (250, 70, 30, 18, 30)

    private struct Place {
        let box: StackDiagram.Box
        let x: Int
        let y: Int
        let height: Int

        var centre: (x: Int, y: Int) { (x + VectorImage.width / 2, y + height / 2) }
    }

    let description: String

    init(_ diagram: StackDiagram) {
        let places = Self.arrange(diagram)
        let right = (places.map { $0.x + Self.width }.max() ?? 0) + Self.margin
        let bottom = (places.map { $0.y + $0.height }.max() ?? 0) + Self.margin
        var lines = [
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 \(right) \(bottom)\" role=\"img\" "
                + "aria-label=\"\(Self.escaped(diagram.title))\" font-family=\"system-ui, sans-serif\" font-size=\"13\">",
            Self.style, "<title>\(Self.escaped(diagram.title))</title>",
        ]
        let inside = places.filter(\.box.isInNetwork)
        if let left = inside.map(\.x).min(), let top = inside.map(\.y).min(),
            let end = inside.map({ $0.x + Self.width }).max(), let base = inside.map({ $0.y + $0.height }).max()
        {
            lines.append(
                "<rect class=\"network\" x=\"\(left - 15)\" y=\"\(top - 32)\" width=\"\(end - left + 30)\" "
                    + "height=\"\(base - top + 47)\" rx=\"8\"/>")
            lines.append(
                "<text class=\"quiet\" x=\"\(left - 5)\" y=\"\(top - 14)\">\(Self.escaped(diagram.network ?? "Network"))</text>"
            )
        }
        lines += diagram.arrows.compactMap { Self.arrow($0, places) }
        lines += places.flatMap(Self.drawing)
        lines.append("</svg>")
        description = lines.joined(separator: "\n")
    }

    private static let style = """
        <style>
          text { fill: #1d2733 } .title { font-weight: 600 } .quiet { fill: #5b6776 }
          .box { fill: #ffffff; stroke: #5b6776 } .network { fill: none; stroke: #5b6776; stroke-dasharray: 5 4 }
          .arrow { fill: none; stroke: #5b6776; marker-end: url(#head) } #head path { fill: #5b6776 }
          .cluster { stroke: #1f6feb; stroke-width: 2 } .secrets { stroke: #b35900 } .proxy { stroke: #1a7f37 }
          @media (prefers-color-scheme: dark) {
            text { fill: #e6edf3 } .quiet { fill: #9aa7b4 } .box { fill: #161b22; stroke: #9aa7b4 }
            .network, .arrow { stroke: #9aa7b4 } #head path { fill: #9aa7b4 }
            .cluster { stroke: #58a6ff } .secrets { stroke: #f0883e } .proxy { stroke: #3fb950 }
          }
        </style>
        <defs><marker id="head" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" orient="auto"><path d="M0 0 8 4 0 8z"/></marker></defs>
        """

    private static func arrange(_ diagram: StackDiagram) -> [Place] {
        var places: [Place] = []
        for (index, column) in diagram.columns.enumerated() {
            var y = margin + 35
            for box in column {
                let height = head + box.lines.count * line + 12
                places.append(Place(box: box, x: margin + index * (width + gap), y: y, height: height))
                y += height + 45
            }
        }
        return places
    }

    private static func drawing(_ place: Place) -> [String] {
        let (x, y) = (place.x, place.y)
        return [
            "<rect class=\"box \(place.box.kind.rawValue)\" x=\"\(x)\" y=\"\(y)\" width=\"\(width)\" height=\"\(place.height)\" rx=\"6\"/>",
            "<text class=\"title\" x=\"\(x + 12)\" y=\"\(y + 22)\">\(escaped(place.box.title))</text>",
        ]
            + place.box.lines.enumerated().map { index, text in
                "<text x=\"\(x + 12)\" y=\"\(y + head + 14 + index * line)\">\(escaped(shortened(text)))</text>"
            }
    }

    private static func arrow(_ arrow: StackDiagram.Arrow, _ places: [Place]) -> String? {
        guard let from = places.first(where: { $0.box.id == arrow.from }),
            let to = places.first(where: { $0.box.id == arrow.to })
        else { return nil }
        let start: (x: Int, y: Int)
        let end: (x: Int, y: Int)
        if from.x == to.x {
            let isBelow = from.y > to.y
            start = (from.centre.x, isBelow ? from.y : from.y + from.height)
            end = (to.centre.x, isBelow ? to.y + to.height : to.y)
        } else {
            start = (from.x + width, from.centre.y)
            end = (to.x, min(max(from.centre.y, to.y + 12), to.y + to.height - 12))
        }
        let isUpright = start.x == end.x
        let middle = ((start.x + end.x) / 2 + (isUpright ? 10 : 0), (start.y + end.y) / 2 + (isUpright ? 4 : -6))
        return "<path class=\"arrow\" d=\"M\(start.x) \(start.y) L\(end.x) \(end.y)\"/>"
            + "<text class=\"quiet\" text-anchor=\"\(isUpright ? "start" : "middle")\" x=\"\(middle.0)\" y=\"\(middle.1)\">\(escaped(arrow.label))</text>"
    }

    private static func shortened(_ text: String) -> String {
        let most = 34
        return text.count > most ? text.prefix(most - 1) + "…" : text
    }

    private static func escaped(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
            .replacing("\"", with: "&quot;")
    }
}
