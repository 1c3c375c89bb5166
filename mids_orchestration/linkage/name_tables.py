"""Name tables: the spellings, titles and particles of the names MIDS meets, as data.

What belongs here: plain constants (which spelling stands for which, which words are titles or
particles, which words are padding). What does not: any code that applies them (`names.py`) and any
sound rule (`phonetic.py`). Sources: Malay and Malaysian Indian particles as in the SAS Quality
Knowledge Base locale for Malay; the rest are spellings commonly met in passenger, shelter and court
lists of the region. A wrong entry costs little, because a token is only ever compared with another
token brought through the same table.
"""

from __future__ import annotations

# Words written where a name is missing.
PADDING = frozenset(
    [
        "fnu",
        "lnu",
        "nfn",
        "nln",
        "nmn",
        "nn",
        "nil",
        "na",
        "none",
        "unknown",
        "tiada",
        "nama",
        "tidak",
        "diketahui",
        "xxx",
        "unk",
        "nolastname",
        "nofirstname",
    ]
)

# Particles that tie a given name to a father's name: removed from the compared tokens, but they
# split the name and tell the sex. `a/l` and the like are folded to these words first.
PARTICLE_SEX = {
    "bin": "M", "bn": "M", "ibn": "M", "ibni": "M", "b": "M",
    "binti": "F", "bte": "F", "bt": "F", "binte": "F", "bint": "F", "bti": "F", "binty": "F",
    "anaklelaki": "M", "anakperempuan": "F",
    "anak": "U", "ak": "U", "anaknya": "U",
}  # fmt: skip

# Titles and courtesy words of every form: removed wherever they stand before the name.
TITLES = frozenset(
    [
        "encik",
        "en",
        "cik",
        "puan",
        "pn",
        "tuan",
        "tn",
        "mr",
        "mrs",
        "ms",
        "miss",
        "dr",
        "prof",
        "dato",
        "datuk",
        "datin",
        "tan-sri",
        "tansri",
        "hj",
        "haji",
        "hjh",
        "hajah",
        "hajjah",
        "alhaj",
        "sdr",
        "sdri",
        "saudara",
        "ibu",
        "bapak",
        "bpk",
        "saudari",
        "mdm",
        "madam",
        "sir",
        "kpt",
        "capt",
        "awang-ku",
        "maulvi",
        "moulvi",
        "maulavi",
        "moulana",
        "maulana",
        "ustaz",
        "ustad",
    ]
)

# Burmese forms of address, removed only at the head of a name of that kind (Ko and Ma are also
# Chinese surnames, U an Indian initial).
BURMESE_TITLES = {"u": "M", "ko": "M", "mg": "M", "maung": "M", "daw": "F", "ma": "F"}

# Thai forms of address, likewise (Nang also begins Shan names).
THAI_TITLES = {"nai": "M", "nang": "F", "nangsao": "F", "khun": "U"}

# Bengali and Rohingya words that mark a woman or a man and come and go between records.
BENGALI_FEMININE = frozenset(
    ["mst", "mosammat", "mosammad", "musammat", "mosa", "mosamat", "most", "mossammat"]
)
COURTESY_TOKENS = frozenset(["begum", "bibi", "khatun", "miah", "sheikh"])

# The name of the Prophet is so common before another name that lists abbreviate or drop it.
MUHAMMAD = "muhammad"

_VARIANTS: dict[str, str] = {
    "muhammad": """mohd mohamad mohamed mohammad mohammed muhamad muhamed muhammed mohamud mahamad mohamat
        mohammod muhammod md mhd muhd moh mohmmad mohammd mohamma mamad mammad mahmad mohd mohmed mohommad
        mohammet mohameed muhamat mohamath mohamadd""",
    "ahmad": "ahmed ahamed ahamad achmad akhmad ahmat amad ahammad ahammed ahmmed",
    "abdul": "abd abdu abdool abdoul abul abdal abdel abdil abdur abdus abdulla",
    "abdullah": "abdulah abdallah abdollah abdulloh abdoullah",
    "nur": "noor nor nurul noorul norul noer nour noorl",
    "wan": "wn",
    "siti": "city sity sitti",
    "hussain": "hussein hossain hossen hosain hosen husain husein husin hussin hosayn hossein hussien hoson",
    "hassan": "hasan hasson hassen hason",
    "yusuf": "yusof yousuf yousof yusop yusoff yosof yusup yosuf youssef yusoop eusuf",
    "usman": "osman othman uthman osmin ousman ossman utsman",
    "umar": "omar umor omor oumar omer",
    "ibrahim": "ebrahim ibrahem ibraheem brahim ibrohim ibrahin ebrahem",
    "ismail": "esmail ismael ismaiel ismaeel esmael ismile",
    "rahman": "rohman rahaman rehman rahmaan rohaman rahmen",
    "rahim": "roheem raheem rohim rahem rohem",
    "karim": "kareem korim karem koreem",
    "salam": "solam chalam salaam",
    "islam": "eslam islaam",
    "ali": "aly aali",
    "hamid": "hameed hamed homid",
    "rashid": "rasheed roshid rosid rasid raschid",
    "rafiq": "rafique rofik rafik rofique rafeeq rofiq rafeek",
    "shafiq": "shafique shofik shafik sofik safiq syafiq syafik shafeek shofiq",
    "jahid": "zahid jahed zahed jaheed",
    "jakir": "zakir zaker jaker zakeer",
    "aziz": "ajij azij aziez azeez ajiz",
    "zainab": "jainab joynab zaynab zainap jaynab joynob zenab zainob",
    "aishah": "aisyah ayesha aysha aisha aesha ayasha ayeshah aisyah asha ayisha",
    "fatimah": "fatema fatima fatimma fatemah patimah fathima fatoma fatama",
    "khadijah": "khadija khodeja kadija khatija kadijah hatijah khatijah khadiza khodija",
    "begum": "begom begam bagum begumm",
    "bibi": "beebi beebee bebe bebi biby",
    "khatun": "khatoon katun khatum hatun khaton khatoun khatu",
    "akhtar": "akter aktar akther akhter aktor akthar",
    "miah": "mia mian miya miyah meah",
    "sheikh": "shaikh sheik shaik sheakh syeikh syekh sk shek shekh",
    "syed": "sayed sayid said saiyed syeed sayeed saeed seyed syid saied",
    "uddin": "udin oddin uddeen ooddin ud-din",
    "alam": "alom alaam aalam",
    "hoque": "haque hoq haq huq hok hak huque hawk",
    "khan": "kan khann",
    "chowdhury": "choudhury chaudhary chowdury chaudhry choudhary chawdhury",
    "rohani": "rohany rouhani",
    "zulkifli": "zulkefli zulkifly zulkiflee dzulkifli julkifli zulkeflee",
    "aminah": "amina ameena ominah amena aminna",
    "maryam": "mariam miriam moriam mariyam moriom mariom",
    "rokiah": "ruqayyah rokia rukiah rokeya rukia ruqaiyah",
    "zaleha": "zulaikha zalehah zulaiha joleka zoleha julekha",
    "hamzah": "hamza homza amzah",
    "iskandar": "iskander eskandar sikandar",
    "sulaiman": "suleiman soleman sulaimon solaiman sulaeman soleiman soliman sulayman",
    "saad": "saat sa'ad",
    "subramaniam": "subramanian subramanyam subramaniyam subramanium",
    "krishnan": "kirshnan krisnan kirishnan krishnen",
    "muniandy": "muniandi muniyandi muniandee",
    "raju": "rajoo rajuu",
    "devi": "dewi thevi devy",
    "letchumi": "letchumy lakshmi laxmi letchmi lechumi lachmi letchimi",
    "segaran": "sekaran segeran",
    "singh": "sing sinh",
    "kaur": "kor kour kawr",
    "nguyen": "nguyn nguyan ngyuen",
    "thi": "ti",
    "tamang": "tamanng tamag",
    "bahadur": "bahadoor bdr bahadhur",
    "kumar": "kumer kummar kr",
    "kumari": "kumary",
}

VARIANT_OF: dict[str, str] = {
    spelling: canonical for canonical, spellings in _VARIANTS.items() for spelling in spellings.split()
}

# One Chinese surname as Hokkien, Teochew, Cantonese, Hakka, Hainanese and Mandarin speakers spell it.
# Where one spelling serves two surnames (Ng: 黄 and 吴; Lau: 刘) the commoner one in Malaysia is taken.
_SURNAME_CLASSES = """
tan chen chan chin ting tang | lim lin lam lum | wong ng huang ooi oei wee hwang | lee li lei ly
ong wang heng | goh wu go gho | chong teoh teo zhang cheong chang tiong teow | low liu lau loh lew liew law lo
yap ye yip ip yeap | chua cai choi choy chai tsai chuah | koh xu hui hsu khor khoo khaw ku | foo hu fu
yeoh yang yeo yong yeong | cheah tse xie seah sia hsieh chia | kwok guo kuo kok quek kuok keh
leong liang neo nio
chew chow zhou chiu chou jew | ho he hor haw | soo su soh saw | tay zheng cheng teh tee chiang | gan yan ngan
sim shen sum shum | kong jiang kang | pang peng phang phung fung feng pung | siow xiao seow siew hsiao siaw
lai loy lye
yee yu yue er | toh du tu too | mok mo moh | tham tan_ham | chai_ | woo hoo
"""
SURNAME_CLASS: dict[str, str] = {}
for _group in _SURNAME_CLASSES.replace("\n", "|").split("|"):
    _members = _group.split()
    for _member in _members:
        SURNAME_CLASS.setdefault(_member, _members[0])
