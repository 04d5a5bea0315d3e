package io.silkstone.node.config;

import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.Node;
import org.w3c.dom.NodeList;
import org.xml.sax.SAXException;

/**
 * Reads Metatype documents (OSGi Compendium, chapter 105). MetaTypeService offers no bounds through
 * its interface, and is not there before the first component; a message without what is allowed is
 * no help, so the documents are read here.
 */
final class SchemaReader {
    private SchemaReader() {}

    /**
     * The schemas of one document.
     *
     * @throws IOException when it is no Metatype document
     */
    static List<ConfigSchema> read(InputStream document) throws IOException {
        Document xml;
        try {
            DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
            factory.setNamespaceAware(true);
            // A deployed bundle is not trusted to name files or hosts to read.
            factory.setFeature("http://apache.org/xml/features/disallow-doctype-decl", true);
            xml = factory.newDocumentBuilder().parse(document);
        } catch (ParserConfigurationException | SAXException wrong) {
            throw new IOException(wrong.getMessage(), wrong);
        }
        Map<String, Map<String, SettingRule>> rulesById = new TreeMap<>();
        for (Element definition : children(xml.getDocumentElement(), "OCD")) {
            rulesById.put(definition.getAttribute("id"), rules(definition));
        }
        List<ConfigSchema> schemas = new ArrayList<>();
        for (Element designate : children(xml.getDocumentElement(), "Designate")) {
            String factoryPid = designate.getAttribute("factoryPid");
            String pid = factoryPid.isEmpty() ? designate.getAttribute("pid") : factoryPid;
            for (Element object : children(designate, "Object")) {
                Map<String, SettingRule> rules = rulesById.get(object.getAttribute("ocdref"));
                if (rules != null && !pid.isEmpty()) {
                    schemas.add(new ConfigSchema(pid, !factoryPid.isEmpty(), rules));
                }
            }
        }
        return schemas;
    }

    private static Map<String, SettingRule> rules(Element definition) {
        Map<String, SettingRule> rules = new LinkedHashMap<>();
        for (Element attribute : children(definition, "AD")) {
            String key = attribute.getAttribute("id");
            boolean required = !attribute.getAttribute("required").equals("false");
            String byDefault = textOf(attribute, "default");
            List<String> options = new ArrayList<>();
            for (Element option : children(attribute, "Option")) {
                options.add(option.getAttribute("value"));
            }
            String cardinality = attribute.getAttribute("cardinality");
            rules.put(
                    key,
                    new SettingRule(
                            key,
                            attribute.getAttribute("type"),
                            !cardinality.isEmpty() && !cardinality.equals("0"),
                            byDefault == null && !required ? "" : byDefault,
                            textOf(attribute, "min"),
                            textOf(attribute, "max"),
                            List.copyOf(options),
                            attribute.getAttribute("description")));
        }
        return rules;
    }

    private static String textOf(Element element, String name) {
        return element.hasAttribute(name) ? element.getAttribute(name) : null;
    }

    private static List<Element> children(Element parent, String name) {
        List<Element> found = new ArrayList<>();
        NodeList nodes = parent.getChildNodes();
        for (int i = 0; i < nodes.getLength(); i++) {
            Node node = nodes.item(i);
            if (node instanceof Element element && name.equals(element.getLocalName())) {
                found.add(element);
            }
        }
        return found;
    }
}
