<?xml version="1.0" encoding="UTF-8"?>
<!--
  What the version after this one may look like: makes of messages.xml a schema with one addition of every kind that the
  rules of the wire allow. For tests that old and new processes understand each other; see SchemaEvolutionTest.
-->
<xsl:stylesheet version="1.0"
                xmlns:xsl="http://www.w3.org/1999/XSL/Transform"
                xmlns:sbe="http://fixprotocol.io/2016/sbe">
  <xsl:template match="@*|node()">
    <xsl:copy>
      <xsl:apply-templates select="@*|node()"/>
    </xsl:copy>
  </xsl:template>

  <xsl:template match="sbe:messageSchema/@package">
    <xsl:attribute name="package">io.silkstone.rpc.next</xsl:attribute>
  </xsl:template>
  <xsl:template match="sbe:messageSchema/@version">
    <xsl:attribute name="version"><xsl:value-of select=". + 1"/></xsl:attribute>
  </xsl:template>

  <!-- Values of enums: a final answer, one without effect, a priority, and a state. -->
  <xsl:template match="enum[@name = 'Status']">
    <xsl:copy>
      <xsl:apply-templates select="@*|node()"/>
      <validValue name="FROZEN" sinceVersion="{/sbe:messageSchema/@version + 1}">48</validValue>
      <validValue name="DRAINING" sinceVersion="{/sbe:messageSchema/@version + 1}">200</validValue>
    </xsl:copy>
  </xsl:template>
  <xsl:template match="enum[@name = 'Priority']">
    <xsl:copy>
      <xsl:apply-templates select="@*|node()"/>
      <validValue name="IDLE" sinceVersion="{/sbe:messageSchema/@version + 1}">3</validValue>
    </xsl:copy>
  </xsl:template>

  <xsl:template match="enum[@name = 'TabletState']">
    <xsl:copy>
      <xsl:apply-templates select="@*|node()"/>
      <validValue name="RESTING" sinceVersion="{/sbe:messageSchema/@version + 1}">200</validValue>
    </xsl:copy>
  </xsl:template>

  <!-- Fields at the end of a block, of a message and of groups. -->
  <xsl:template match="sbe:message[@name = 'Change']/field[last()]
      | sbe:message[@name = 'Pulled']/field[last()]
      | sbe:message[@name = 'PriorityPull']/field[last()]
      | sbe:message[@name = 'PriorityPull']/group/field[last()]
      | sbe:message[@name = 'ClusterMap']/group[@name = 'servers']/field[last()]
      | sbe:message[@name = 'ClusterMap']/group[@name = 'tablets']/field[last()]">
    <xsl:copy-of select="."/>
    <field name="later" id="200" type="uint64" sinceVersion="{/sbe:messageSchema/@version + 1}"/>
  </xsl:template>

  <!-- A group at the end. -->
  <xsl:template match="sbe:message[@name = 'ClusterMap']/group[last()]">
    <xsl:copy-of select="."/>
    <group name="laters" id="201" dimensionType="groupSizeEncoding" sinceVersion="{/sbe:messageSchema/@version + 1}">
      <field name="later" id="202" type="uint64" sinceVersion="{/sbe:messageSchema/@version + 1}"/>
    </group>
  </xsl:template>

  <!-- Variable data at the end. -->
  <xsl:template match="sbe:message[@name = 'Enlist']/data[last()]">
    <xsl:copy-of select="."/>
    <data name="zone" id="200" type="varText" sinceVersion="{/sbe:messageSchema/@version + 1}"/>
  </xsl:template>

  <!-- A message. -->
  <xsl:template match="sbe:message[last()]">
    <xsl:copy>
      <xsl:apply-templates select="@*|node()"/>
    </xsl:copy>
    <sbe:message name="Freeze" id="1000" sinceVersion="{/sbe:messageSchema/@version + 1}">
      <field name="header" id="1" type="requestHeader"/>
      <data name="why" id="10" type="varText"/>
    </sbe:message>
  </xsl:template>
</xsl:stylesheet>
