package io.silkstone.rpc;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import javax.xml.parsers.DocumentBuilderFactory;
import org.w3c.dom.Element;
import org.w3c.dom.Node;

/** What messages.xml says, for the tests that hold the code and the documentation to it. */
record Schema(int id, int version, List<Message> messages, List<Composite> types) {
    private static final Path FILE = Path.of("src/main/sbe/messages.xml");

    private static final Map<String, Integer> PRIMITIVE_BYTES =
            Map.of(
                    "char", 1, "uint8", 1, "int8", 1, "uint16", 2, "int16", 2, "uint32", 4, "int32",
                    4, "uint64", 8, "int64", 8);

    /** A message; {@code parts} come in the order of the wire. */
    record Message(String name, int id, String description, List<Part> parts) {
        boolean isReply() {
            return parts.getFirst().type().equals("replyHeader");
        }
    }

    /** What a part of a message is. */
    enum PartKind {
        FIELD,
        GROUP,
        DATA
    }

    /**
     * A part of a message or group.
     *
     * @param bytes of a field, or of the length that variable data begins with
     * @param parts of a group
     */
    record Part(
            PartKind kind,
            String name,
            String type,
            String description,
            int bytes,
            List<Part> parts) {}

    /** An enum, set or composite, with what it consists of. */
    record Composite(String kind, String name, String description, List<Value> values) {}

    /** A value of an enum, a bit of a set, a member of a composite. */
    record Value(String name, String text, String description) {}

    /** As the build has it. */
    static Schema read() throws Exception {
        Element root =
                DocumentBuilderFactory.newInstance()
                        .newDocumentBuilder()
                        .parse(FILE.toFile())
                        .getDocumentElement();
        Map<String, Integer> bytes = new HashMap<>(PRIMITIVE_BYTES);
        List<Composite> types = new ArrayList<>();
        for (Element type : children((Element) root.getElementsByTagName("types").item(0))) {
            types.add(composite(type, bytes));
        }
        List<Message> messages = new ArrayList<>();
        for (Element each : children(root)) {
            if (each.getTagName().equals("sbe:message")) {
                messages.add(
                        new Message(
                                each.getAttribute("name"),
                                Integer.parseInt(each.getAttribute("id")),
                                each.getAttribute("description"),
                                parts(each, bytes)));
            }
        }
        return new Schema(
                Integer.parseInt(root.getAttribute("id")),
                Integer.parseInt(root.getAttribute("version")),
                messages,
                types);
    }

    private static Composite composite(Element type, Map<String, Integer> bytes) {
        List<Value> values = new ArrayList<>();
        int sum = 0;
        for (Element each : children(type)) {
            String primitive = each.getAttribute("primitiveType");
            String text = each.getTextContent();
            if (primitive.isEmpty() && each.hasAttribute("type")) {
                primitive = each.getAttribute("type");
            }
            if (text.isEmpty()) {
                text = primitive;
                sum += each.getAttribute("length").equals("0") ? 0 : bytes.get(primitive);
            }
            String description = each.getAttribute("description");
            values.add(new Value(each.getAttribute("name"), text, description));
        }
        String name = type.getAttribute("name");
        String encoding = type.getAttribute("encodingType");
        bytes.put(name, encoding.isEmpty() ? sum : bytes.get(encoding));
        return new Composite(type.getTagName(), name, type.getAttribute("description"), values);
    }

    private static List<Part> parts(Element parent, Map<String, Integer> bytes) {
        List<Part> parts = new ArrayList<>();
        for (Element each : children(parent)) {
            PartKind kind = PartKind.valueOf(each.getTagName().toUpperCase(Locale.ROOT));
            String type = each.getAttribute("type");
            parts.add(
                    new Part(
                            kind,
                            each.getAttribute("name"),
                            type,
                            each.getAttribute("description"),
                            kind == PartKind.GROUP ? 0 : bytes.get(type),
                            kind == PartKind.GROUP ? parts(each, bytes) : List.of()));
        }
        return parts;
    }

    private static List<Element> children(Element parent) {
        List<Element> elements = new ArrayList<>();
        for (Node node = parent.getFirstChild(); node != null; node = node.getNextSibling()) {
            if (node instanceof Element element) {
                elements.add(element);
            }
        }
        return elements;
    }
}
