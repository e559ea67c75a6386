"""Countries and their capitals; after a bar, other names of the capital that are right too."""

from __future__ import annotations

_TABLE = """
Afghanistan: Kabul; Albania: Tirana; Algeria: Algiers; Angola: Luanda; Argentina: Buenos Aires; Armenia: Yerevan;
Australia: Canberra; Austria: Vienna; Azerbaijan: Baku; Bahrain: Manama; Bangladesh: Dhaka; Belarus: Minsk;
Belgium: Brussels; Bhutan: Thimphu; Bolivia: Sucre|La Paz; Botswana: Gaborone; Brazil: Brasilia; Bulgaria: Sofia;
Burkina Faso: Ouagadougou; Cambodia: Phnom Penh; Cameroon: Yaounde; Canada: Ottawa; Chad: N'Djamena; Chile: Santiago;
China: Beijing; Colombia: Bogota; Costa Rica: San Jose; Croatia: Zagreb; Cuba: Havana; Cyprus: Nicosia;
Denmark: Copenhagen; Ecuador: Quito; Egypt: Cairo; El Salvador: San Salvador; Eritrea: Asmara; Estonia: Tallinn;
Ethiopia: Addis Ababa; Fiji: Suva; Finland: Helsinki; Gabon: Libreville; Georgia: Tbilisi; Germany: Berlin;
Ghana: Accra; Greece: Athens; Guatemala: Guatemala City; Guinea: Conakry; Haiti: Port-au-Prince; Honduras: Tegucigalpa;
Hungary: Budapest; Iceland: Reykjavik; India: New Delhi|Delhi; Indonesia: Jakarta; Iran: Tehran; Iraq: Baghdad;
Ireland: Dublin; Italy: Rome; Jamaica: Kingston; Jordan: Amman; Kenya: Nairobi; Kuwait: Kuwait City; Laos: Vientiane;
Latvia: Riga; Lebanon: Beirut; Liberia: Monrovia; Libya: Tripoli; Lithuania: Vilnius; Madagascar: Antananarivo;
Malawi: Lilongwe; Malaysia: Kuala Lumpur; Mali: Bamako; Malta: Valletta; Mauritania: Nouakchott; Mexico: Mexico City;
Moldova: Chisinau; Mongolia: Ulaanbaatar|Ulan Bator; Morocco: Rabat; Mozambique: Maputo; Myanmar: Naypyidaw;
Namibia: Windhoek; Nepal: Kathmandu; the Netherlands: Amsterdam; New Zealand: Wellington; Nicaragua: Managua;
Niger: Niamey; Nigeria: Abuja; North Korea: Pyongyang; Norway: Oslo; Oman: Muscat; Pakistan: Islamabad;
Panama: Panama City; Paraguay: Asuncion; Peru: Lima; the Philippines: Manila; Poland: Warsaw; Portugal: Lisbon;
Qatar: Doha; Romania: Bucharest; Russia: Moscow; Rwanda: Kigali; Saudi Arabia: Riyadh; Senegal: Dakar; Serbia: Belgrade;
Singapore: Singapore; Slovakia: Bratislava; Slovenia: Ljubljana; Somalia: Mogadishu; South Korea: Seoul; Spain: Madrid;
Sudan: Khartoum; Sweden: Stockholm; Switzerland: Bern; Syria: Damascus; Taiwan: Taipei; Tanzania: Dodoma;
Thailand: Bangkok; Togo: Lome; Tunisia: Tunis; Turkey: Ankara; Uganda: Kampala; Ukraine: Kyiv|Kiev;
the United Arab Emirates: Abu Dhabi; the United Kingdom: London; the United States: Washington; Uruguay: Montevideo;
Uzbekistan: Tashkent; Venezuela: Caracas; Vietnam: Hanoi; Yemen: Sanaa; Zambia: Lusaka; Zimbabwe: Harare
"""

CAPITALS: dict[str, tuple[str, ...]] = {
    country: tuple(names.split("|"))
    for country, _, names in (one.strip().partition(": ") for one in _TABLE.replace("\n", " ").split(";"))
}
"""By the country's name: what its capital is called. France and Japan are left for the examples of the prompt."""
