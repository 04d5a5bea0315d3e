package io.silkstone.launcher;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import javax.xml.stream.XMLInputFactory;
import javax.xml.stream.XMLStreamConstants;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamReader;

/**
 * What can be configured: the metatype descriptions that bnd wrote into the bundles from their
 * typed annotations. Read straight from the jars, so that a wrong configuration is refused and the
 * files of a new home are written before the framework runs.
 */
final class SettingsCatalog {
    private static final String FOLDER = "OSGI-INF/metatype/";

    private final Map<String, Component> components = new TreeMap<>();

    /**
     * One configurable component.
     *
     * @param pid its configuration name; the file is {@code etc/<pid>.cfg}
     * @param name its title
     * @param description a sentence or nothing
     * @param factory whether it may have any number of files, {@code <pid>-<name>.cfg}
     * @param keys its keys, in order
     */
    record Component(
            String pid, String name, String description, boolean factory, List<SettingKey> keys) {}

    /** Adds what {@code jar} says about its components. */
    void addBundle(Path jar) throws IOException {
        try (ZipFile zip = new ZipFile(jar.toFile())) {
            for (ZipEntry entry : zip.stream().toList()) {
                if (entry.getName().startsWith(FOLDER) && entry.getName().endsWith(".xml")) {
                    try (InputStream in = zip.getInputStream(entry)) {
                        read(in);
                    }
                }
            }
        } catch (XMLStreamException e) {
            throw new IOException(jar + ": " + e.getMessage(), e);
        }
    }

    Collection<Component> components() {
        return components.values();
    }

    private void read(InputStream in) throws XMLStreamException {
        XMLInputFactory factory = XMLInputFactory.newFactory();
        factory.setProperty(XMLInputFactory.SUPPORT_DTD, false);
        factory.setProperty(XMLInputFactory.IS_SUPPORTING_EXTERNAL_ENTITIES, false);
        XMLStreamReader xml = factory.createXMLStreamReader(in);
        Map<String, Component> byClass = new HashMap<>();
        String pid = null;
        boolean isFactory = false;
        while (xml.hasNext()) {
            if (xml.next() != XMLStreamConstants.START_ELEMENT) {
                continue;
            }
            switch (xml.getLocalName()) {
                case "OCD" -> {
                    String id = attribute(xml, "id");
                    byClass.put(id, objectClass(xml));
                }
                case "Designate" -> {
                    isFactory = attribute(xml, "factoryPid") != null;
                    pid = attribute(xml, isFactory ? "factoryPid" : "pid");
                }
                case "Object" -> {
                    Component described = byClass.get(attribute(xml, "ocdref"));
                    components.put(
                            pid,
                            new Component(
                                    pid,
                                    described.name,
                                    described.description,
                                    isFactory,
                                    described.keys));
                }
                default -> {
                    // Nothing that an operator can set.
                }
            }
        }
    }

    private static Component objectClass(XMLStreamReader xml) throws XMLStreamException {
        String name = attribute(xml, "name");
        String description = attribute(xml, "description");
        List<SettingKey> keys = new ArrayList<>();
        while (!(xml.next() == XMLStreamConstants.END_ELEMENT
                && xml.getLocalName().equals("OCD"))) {
            if (xml.isStartElement() && xml.getLocalName().equals("AD")) {
                keys.add(key(xml));
            }
        }
        return new Component("", name, description, false, List.copyOf(keys));
    }

    private static SettingKey key(XMLStreamReader xml) throws XMLStreamException {
        String id = attribute(xml, "id");
        String type = attribute(xml, "type");
        String byDefault = attribute(xml, "default");
        String min = attribute(xml, "min");
        String max = attribute(xml, "max");
        String description = attribute(xml, "description");
        List<String> options = new ArrayList<>();
        while (!(xml.next() == XMLStreamConstants.END_ELEMENT && xml.getLocalName().equals("AD"))) {
            if (xml.isStartElement() && xml.getLocalName().equals("Option")) {
                options.add(attribute(xml, "value"));
            }
        }
        return new SettingKey(id, type, byDefault, min, max, List.copyOf(options), description);
    }

    private static String attribute(XMLStreamReader xml, String name) {
        return xml.getAttributeValue(null, name);
    }
}
